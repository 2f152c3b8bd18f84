// Sets formulas: one JSON object a line in ({tex, display}), one out ({mathml} or {error}).
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const temml = createRequire(process.argv[2])("temml");

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display } = JSON.parse(line);
  let answer;
  try {
    answer = { mathml: temml.renderToString(tex, { displayMode: display, throwOnError: true, annotate: true }) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
