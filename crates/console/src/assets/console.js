// What pages gain with a script: keys, copying, a live tail, a run that moves. Without it every page
// reads as well.
'use strict';
(() => {
  const all = (what, from = document) => Array.from(from.querySelectorAll(what));
  const one = (what, from = document) => from.querySelector(what);

  // Keys. Nothing is taken while somebody writes.
  let at = -1;
  const rows = () => all('[data-row]').filter((it) => it.offsetParent !== null);
  const go = (step) => {
    const list = rows();
    if (!list.length) return;
    at = Math.max(0, Math.min(list.length - 1, at + step));
    all('.here').forEach((it) => it.classList.remove('here'));
    const row = list[at];
    row.classList.add('here');
    (one('summary, a', row) || row).focus();
    row.scrollIntoView({ block: 'nearest' });
  };
  document.addEventListener('keydown', (event) => {
    const on = event.target;
    const writes = on.closest && on.closest('input, textarea, select, dialog');
    if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/') {
      const find = one('#find');
      if (find) { event.preventDefault(); find.focus(); find.select(); }
    } else if (event.key === 'j') {
      event.preventDefault(); go(1);
    } else if (event.key === 'k') {
      event.preventDefault(); go(-1);
    } else if (event.key === '?') {
      const keys = one('#keys');
      if (keys) { event.preventDefault(); keys.showModal(); }
    }
  });

  // A row's inside is read when it is opened.
  document.addEventListener('toggle', (event) => {
    const place = event.target.open && one('[data-part]', event.target);
    if (!place) return;
    const from = place.dataset.part;
    const link = place.innerHTML;
    delete place.dataset.part;
    place.textContent = 'Reading the evidence…';
    fetch(from, { redirect: 'error' })
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
      .then((text) => { place.innerHTML = text; wake(place); })
      .catch(() => { place.innerHTML = link; place.dataset.part = from; });
  }, true);

  // Buttons that need a script show only with one.
  const wake = (from) => {
    all('[data-copy], [data-copy-link], [data-tail]', from).forEach((it) => { it.hidden = false; });
  };
  wake(document);
  const said = (button, word) => {
    const before = button.textContent;
    button.textContent = word;
    setTimeout(() => { button.textContent = before; }, 1500);
  };
  const copy = (button, text) => {
    const done = () => said(button, 'Copied');
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(text).then(done, () => said(button, 'Not copied'));
      return;
    }
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    said(button, document.execCommand('copy') ? 'Copied' : 'Not copied');
    area.remove();
  };
  document.addEventListener('click', (event) => {
    const button = event.target.closest && event.target.closest('button');
    if (!button) return;
    if (button.dataset.copy) {
      copy(button, button.dataset.copy.replace('$WIRELINE', location.origin));
    } else if (button.dataset.copyLink) {
      copy(button, location.origin + button.dataset.copyLink);
    } else if (button.dataset.tail) {
      tail(button);
    }
  });

  // The live tail: new rows on top, the oldest leave.
  const MOST = 200;
  let source = null;
  function tail(button) {
    if (source) {
      source.close();
      source = null;
      button.setAttribute('aria-pressed', 'false');
      button.textContent = 'Live';
      return;
    }
    const list = one('[data-rows]');
    source = new EventSource(button.dataset.tail);
    button.setAttribute('aria-pressed', 'true');
    button.textContent = 'Connecting…';
    source.onopen = () => { button.textContent = 'Live: on'; };
    source.onerror = () => { button.textContent = source && source.readyState === 2 ? 'Live: ended' : 'Live: waiting'; };
    source.addEventListener('connector_sync_diagnostic', (event) => {
      const holder = document.createElement('template');
      holder.innerHTML = event.data;
      wake(holder.content);
      all('.finding', holder.content).forEach((it) => {
        it.classList.add('fresh');
        if (!document.getElementById(it.id)) list.prepend(it);
      });
      const empty = one('.log-main .empty');
      if (empty) empty.remove();
      while (list.children.length > MOST) list.lastElementChild.remove();
    });
  }

  // A run that goes on: the page's inside again whenever it moved; what is open stays open.
  all('[data-live-from]').forEach((place) => {
    if (!place.dataset.liveFrom) return;
    const events = new EventSource(place.dataset.liveFrom);
    const show = (event) => {
      const open = all('details[open][id]', place).map((it) => it.id);
      const focus = document.activeElement && document.activeElement.closest('[id]');
      const id = focus && place.contains(focus) ? focus.id : null;
      place.innerHTML = event.data;
      open.forEach((it) => { const box = document.getElementById(it); if (box) box.open = true; });
      wake(place);
      const back = id && document.getElementById(id);
      if (back) (one('summary', back) || back).focus({ preventScroll: true });
    };
    events.addEventListener('moved', show);
    events.addEventListener('ended', (event) => { show(event); events.close(); });
  });

  // A time range: press on one day of the histogram, let go on another.
  document.addEventListener('pointerdown', (event) => {
    const first = event.target.closest && event.target.closest('[data-brush] [data-day]');
    if (!first) return;
    event.preventDefault();
    const base = first.closest('[data-brush]').dataset.brush;
    const up = (end) => {
      document.removeEventListener('pointerup', up);
      const under = document.elementFromPoint(end.clientX, end.clientY);
      const last = under && under.closest('[data-brush] [data-day]');
      if (!last || last === first) return;
      const [from, to] = [first.dataset.day, last.dataset.day].sort();
      const next = new Date(to + 'T00:00:00Z');
      next.setUTCDate(next.getUTCDate() + 1);
      const url = new URL(base, location.origin);
      url.searchParams.set('filter[occurred_at][gte]', from);
      url.searchParams.set('filter[occurred_at][lt]', next.toISOString().slice(0, 10));
      location.assign(url);
    };
    document.addEventListener('pointerup', up);
  });

  // A slot lights what it reads and what it gives.
  all('[data-lights]').forEach((place) => {
    const light = (slot, on) => {
      const from = (slot.dataset.from || '').split(' ').filter(Boolean);
      all('[data-path]', place).filter((it) => from.includes(it.dataset.path)).forEach((it) => it.classList.toggle('lit', on));
      all('[data-slot]', place).filter((it) => it.dataset.slot === slot.dataset.slot).forEach((it) => it.classList.toggle('lit', on));
    };
    const slot = (event) => event.target.closest && event.target.closest('.slots [data-slot]');
    ['mouseover', 'focusin'].forEach((name) => place.addEventListener(name, (event) => { const it = slot(event); if (it) light(it, true); }));
    ['mouseout', 'focusout'].forEach((name) => place.addEventListener(name, (event) => { const it = slot(event); if (it) light(it, false); }));
  });
})();
