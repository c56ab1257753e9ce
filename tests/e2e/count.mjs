// count.mjs: the ledger of what people saved against what the county and the tablets hold.
//
//   node count.mjs COUNTY LEDGER HELD TABLET[=AREA,...]...
//
// All are data folders with a service, and the tablets are unlocked. A line of the ledger: the
// household's unique name, path, value, and "held" where it must wait in quarantine or "maybe" where
// nothing has reported it as saved, between tabs.
// HELD is how many changes wait.
//
// - each value is in the history of one record of the county, as often as it was saved; no other value of a
//   person is there, and no household twice
// - each tablet lists the records of its areas and no others, and shows what the county shows:
//   values, both sides of every open question, and how many changes they come from
import fs from 'node:fs';
import { command } from './control.mjs';

const [county, ledgerFile, heldText, ...tablets] = process.argv.slice(2);
const held = Number(heldText);
let differences = 0;
function differ(...words) {
  if (++differences <= 20) console.log('#', ...words);
}

const reveal = ['--reveal', '--reason', 'counting'];
const read = async (folder, words) => JSON.parse(await command(folder, [...words, '--json']));

// {id, area, values, conflicts, position} by id
const documents = new Map();
for (const one of await read(county, ['export', '--form', 'household', ...reveal])) {
  if (documents.has(one.id)) differ(`county: ${one.id} is exported twice`);
  documents.set(one.id, one);
}
const listed = await read(county, ['records']);
if (listed.length !== documents.size)
  differ(`county: ${listed.length} records are listed, ${documents.size} exported`);

// --- the ledger against the county's history ---

const ledger = fs
  .readFileSync(ledgerFile, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [key, path, value, state] = line.split('\t');
    return { key, path, value, state };
  });
const byKey = new Map(); // the unique name of a household: [ids]
const histories = new Map();
for (const id of documents.keys()) {
  const history = (await read(county, ['history', id, ...reveal])).filter(
    (step) => step.quarantine === undefined,
  );
  histories.set(id, history);
  for (const step of history)
    if (step.kind === 'create' && step.path === 'head/name')
      byKey.set(step.value, [...(byKey.get(step.value) ?? []), id]);
}
const groups = new Map(); // what was saved: how often, and how often that is not known
for (const { key, path, value, state } of ledger) {
  const name = JSON.stringify([key, path, value]);
  const group = groups.get(name) ?? { key, path, value, sure: 0, maybe: 0, held: 0 };
  group[state === '' ? 'sure' : state]++;
  groups.set(name, group);
}
const seen = new Map(); // id: how many of its steps the ledger knows
for (const { key, path, value, sure, maybe, held: waits } of groups.values()) {
  const ids = byKey.get(key) ?? [];
  const found = ids.map((id) =>
    histories.get(id).filter((step) => step.path === path && step.value === value).length,
  );
  const count = found.reduce((sum, n) => sum + n, 0);
  const most = Math.max(sure, maybe);
  if (waits > 0 && count > sure) differ(`county: ${key} ${path} ${value} should wait, and does not`);
  else if (count < sure || count > most)
    differ(`county: ${key} ${path} ${value} was saved ${sure} times and is there ${count} times`);
  if (ids.length > 1) differ(`county: ${key} is there ${ids.length} times`);
  ids.forEach((id, i) => seen.set(id, (seen.get(id) ?? 0) + found[i]));
}
for (const [id, history] of histories) {
  const first = history.filter((step) => step.path === '@area' && step.kind === 'create').length;
  if (history.length - first !== (seen.get(id) ?? 0))
    differ(`county: ${id} has ${history.length - first} values, saved were ${seen.get(id) ?? 0}`);
}
const waiting = await read(county, ['quarantine']);
if (waiting.length !== held)
  differ(`county: ${waiting.length} changes wait in quarantine, should be ${held}`);

// --- the tablets against the county ---

const sides = (conflicts) =>
  Object.entries(conflicts)
    .map(([path, list]) => [path, list.map((side) => [side.dot, side.value]).sort()])
    .sort();
// What is computed may differ by who computes; what people typed may not.
const shown = (document) =>
  JSON.stringify([
    document.area.split(',')[0], // of several, a tablet names one
    Object.entries(document.values).sort(),
    sides(document.conflicts),
    held === 0 ? document.position : 0,
  ]);

for (const one of tablets) {
  const [folder, areas] = one.split('=');
  const name = folder.replace(/.*tablet-/, '');
  const mine = (area) =>
    areas === undefined ||
    areas.split(',').some((code) => area.split(',').some((one) => one.startsWith(code)));
  const wanted = [...documents.values()].filter((document) => mine(document.area));
  const list = await read(folder, ['list', '--limit', '100000']);
  const ids = new Set(list.map((record) => record.id));
  if (ids.size !== list.length) differ(`${name}: a record is listed twice`);
  for (const document of wanted) {
    if (!ids.delete(document.id)) {
      differ(`${name}: ${document.id} is not there`);
      continue;
    }
    const here = await read(folder, ['show', document.id]);
    if (shown(here) !== shown(document))
      differ(`${name}: ${document.id} shows ${shown(here)}, the county ${shown(document)}`);
  }
  if (held === 0 && ids.size > 0) differ(`${name}: lists ${[...ids]}, which are not its own`);
  const status = await read(folder, ['status']);
  if (status.unsent !== 0) differ(`${name}: ${status.unsent} changes were never sent`);
}
console.log(
  `# ${ledger.length} values of ${documents.size} households, at the county and on ` +
    `${tablets.length} tablets; ${held} changes wait`,
);
process.exit(differences === 0 ? 0 : 1);
