//! One visit, from the door and back out of it.

use testkit::{Db, make};

use crate::browser::{Browser, Screen};
use crate::serving::Serving;

testkit::each_database! { a_visit_from_the_door_and_out_again }

async fn a_visit_from_the_door_and_out_again(db: Db) {
    let serving = Serving::start(db).await;
    let browser = Browser::open(&serving.base, Screen::Wide).await;
    the_door(&browser, &serving).await;
    a_run(&browser).await;
    the_log(&browser, &serving).await;
    a_mapping(&browser, &serving).await;
    an_issue(&browser, &serving).await;
    a_missing_record(&browser).await;
    by_keyboard(&browser).await;
    a_viewer_link(&browser).await;
    out(&browser, &serving).await;
}

async fn the_door(browser: &Browser, serving: &Serving) {
    browser.go("/diagnostics?filter[class]=failure").await;
    browser.write("#key", "wl_live_nonsense").await;
    browser.press("Sign in").await;
    browser.says("This key opens nothing").await;
    browser.write("#key", &serving.key).await;
    browser.press("Sign in").await;
    browser.says("Nothing matches").await;
    assert_eq!(browser.address().await, "/diagnostics?filter[class]=failure");
    browser.stays_at_home().await;
}

/// Started by a click, and followed to its end without a reload.
async fn a_run(browser: &Browser) {
    browser.press("Overview").await;
    browser.press("Books").await;
    browser.says("No runs yet").await;
    browser.run("window.stayed = true").await;
    browser.press("Sync now").await;
    browser.find("[data-live-from]").await;
    browser.run("window.stayed = true").await;
    browser.find("p.lead .st-healthy").await;
    browser.says("balanced ✓").await;
    assert_eq!(browser.run("return window.stayed === true").await, true, "the page was reloaded");
    browser.says("inserted").await;
    browser.press("Books").await;
    browser.says("Healthy").await;
}

async fn the_log(browser: &Browser, serving: &Serving) {
    browser.press("Diagnostics").await;
    browser.click("nav.facets a[href*='filter%5Breason%5D=jury_run']").await;
    browser.find(".chip").await;
    assert!(browser.address().await.contains("jury_run"));
    browser.click(".finding > summary").await;
    browser.says("What to do").await;
    browser.says("Evidence").await;
    browser.press("Copy as curl").await;

    browser.go("/diagnostics?filter[reason]=empty_result").await;
    browser.says("Nothing matches").await;
    browser.press("Live").await;
    browser.says("Live: on").await;
    let new = domain::NewDiagnostic {
        reason: domain::Reason::EmptyResult,
        detail: "seen while it was written".to_owned(),
        ..make::diagnostic(serving.connector)
    };
    let now = chrono::DateTime::from(std::time::SystemTime::now());
    store::diagnostics::insert(&serving.db.store, &serving.tenant, new, now).await.unwrap();
    browser.says("seen while it was written").await;
    browser.press("Live: on").await;

    browser.press("Export CSV").await;
    let csv = browser.saved("csv").await;
    assert_eq!(csv.lines().filter(|it| it.contains("empty_result")).count(), 1, "{csv}");
    assert!(!csv.contains("jury_run"));
    browser.stays_at_home().await;
}

/// A pin is tried, then made; then a redraw is asked for.
async fn a_mapping(browser: &Browser, serving: &Serving) {
    browser.go(&format!("/connectors/{}", serving.connector)).await;
    browser.click("[aria-labelledby='mappings'] tbody th a").await;
    browser.says("Sample in").await;
    let slot = browser.find(".slots li").await;
    slot.scroll_into_view().await.unwrap();
    browser.run("document.querySelector('.slots li').focus()").await;
    assert!(browser.run("return document.querySelectorAll('.lit').length > 1").await == true);
    let name = browser.run("return document.querySelector('.slots li').dataset.slot").await;
    let name = name.as_str().unwrap().to_owned();
    browser.choose("#slot", &name).await;
    browser.press("Try the pin").await;
    browser.says("What it would do").await;
    browser.says("Nothing has changed").await;
    browser.write("#reason", "a test says so").await;
    browser.press(&format!("Pin {name}")).await;
    browser.says("Pinned. The next run draws the mapping with it.").await;
    browser.says("a test says so").await;
    browser.press("Unpin").await;
    browser.press("Yes, unpin").await;
    browser.says("The pin is gone").await;
}

/// Muted until an end, resolved, and opened again.
async fn an_issue(browser: &Browser, serving: &Serving) {
    let now = chrono::DateTime::from(std::time::SystemTime::now());
    let new = make::diagnostic(serving.connector);
    store::diagnostics::insert(&serving.db.store, &serving.tenant, new, now).await.unwrap();
    browser.press("Issues").await;
    browser.press("All records were rejected by the checks").await;
    browser.says("How far it reaches").await;
    browser.press("Mute").await;
    browser.press("Mute it").await;
    browser.says("or until it escalates").await;
    browser.press("Resolve").await;
    browser.says("A row under a mapping that is no older brings it back").await;
    browser.press("Reopen").await;
    browser.says("Open again").await;
    browser.press("Resolve").await;
    browser.says("by key admin key").await;
}

async fn a_missing_record(browser: &Browser) {
    browser.write("#find", "INV-DOES-NOT-EXIST\n").await;
    browser.says("Nothing here is called").await;
    browser.press("Invoice").await;
    browser.says("It was not sent.").await;
    browser.says("What to do:").await;
    browser.press("Records").await;
    browser.press("invoice").await;
    let id = browser.find("tbody th a").await.text().await.unwrap();
    browser.write("#find", &format!("{id}\n")).await;
    browser.says("First seen").await;
    assert!(browser.address().await.starts_with("/records/invoice/"));
}

async fn by_keyboard(browser: &Browser) {
    browser.go("/connectors").await;
    let body = browser.find("main").await;
    body.send_keys("j").await.unwrap();
    let here = "return document.activeElement.textContent";
    assert_eq!(browser.run(here).await, "Books");
    browser.driver.active_element().await.unwrap().send_keys("?").await.unwrap();
    browser.says("Next row").await;
    browser.press("Close").await;
    browser.find("main").await.send_keys("/").await.unwrap();
    assert_eq!(browser.run("return document.activeElement.id").await, "find");
}

async fn a_viewer_link(browser: &Browser) {
    browser.press("Settings").await;
    browser.press("Make a link").await;
    let link = browser.find("a.secret").await.attr("href").await.unwrap().unwrap();
    browser.driver.delete_all_cookies().await.unwrap();
    browser.go(&link).await;
    browser.says("Connections of Acme").await;
    browser.says("Everything arrives.").await;
    browser.stays_at_home().await;
    browser.go(&format!("{link}x")).await;
    browser.says("There is no such page").await;
}

async fn out(browser: &Browser, serving: &Serving) {
    browser.sign_in(&serving.key).await;
    browser.press("Sign out").await;
    browser.says("You are signed out.").await;
    browser.go("/").await;
    browser.find("#key").await;
}
