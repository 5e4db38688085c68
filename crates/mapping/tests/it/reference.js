// The reference engine behind a line each way: a request in, an answer out. Its folder is the first
// argument. `rows` are evaluated one by one; a `file` of rows is timed, from text to text.
const jsonata = require(process.argv[2]);
const now = () => Number(process.hrtime.bigint()) / 1e6;

async function each({ expression, rows }) {
  const compiled = jsonata(expression);
  const outcomes = [];
  for (const row of rows) {
    try {
      outcomes.push({ Ok: (await compiled.evaluate(row)) ?? null });
    } catch (error) {
      outcomes.push({ Err: `${error.code}: ${error.message}` });
    }
  }
  return outcomes;
}

async function timed({ expression, file, whole }) {
  const text = require("fs").readFileSync(file, "utf8");
  const began = now();
  const rows = JSON.parse(text);
  const parsed = now();
  let entities;
  if (whole) {
    // One evaluation over all rows: what it saves is the reference engine's to have.
    entities = await jsonata(`$map($, function($row) { $row.${expression} })`).evaluate(rows);
  } else {
    const compiled = jsonata(expression);
    entities = [];
    for (const row of rows) entities.push(await compiled.evaluate(row));
  }
  const evaluated = now();
  const out = JSON.stringify(entities);
  return { total: now() - began, evaluation: evaluated - parsed, out };
}

(async () => {
  const lines = require("readline").createInterface({ input: process.stdin });
  for await (const line of lines) {
    const request = JSON.parse(line);
    const answer = request.file ? await timed(request) : await each(request);
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
})();
