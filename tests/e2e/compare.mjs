// compare.mjs: compares every value of imported CSV files with what the other ends hold.
//
//   node compare.mjs --form F --records FILE.csv [--repeat NAME=FILE.csv]... [--key COLUMN]
//       [--json EXPORT.json] [--csv EXPORT.csv] [--csv-repeat NAME=EXPORT.csv]... [--tablet DIR]
//
// The first four say what was imported, the others where to look: the county's exports, and the
// service that runs on a tablet's folder and is unlocked. Records stand in order of their numbers,
// as the rows do in the file, and so do the instances of a repeat. An empty cell is no answer, and
// nothing may be there that no cell says.
// Prints one line for each place, and exits with 1 after the first twenty differences.
import fs from 'node:fs';
import { command } from './control.mjs';

const given = { repeat: [], 'csv-repeat': [] };
for (let i = 2; i < process.argv.length; i += 2) {
  const name = process.argv[i].slice(2);
  if (Array.isArray(given[name])) given[name].push(process.argv[i + 1].split('='));
  else given[name] = process.argv[i + 1];
}

let differences = 0;
function differ(...words) {
  console.log('#', ...words);
  if (++differences === 20) process.exit(1);
}

// RFC 4180, as objects by column; "\uFEFF" in front is allowed.
function readCsv(file) {
  const text = fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  const rows = [];
  let row = [];
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|\r|$)/g)) {
    if (match[0] === '' && row.length === 0) continue;
    row.push(match[1].startsWith('"') ? match[1].slice(1, -1).replaceAll('""', '"') : match[1]);
    if (match[2] !== ',') {
      rows.push(row);
      row = [];
    }
  }
  const head = rows.shift();
  return rows.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i] ?? ''])));
}

const dot = (text) => Number(text.split('-')[1].split('.')[0]);
const ordinal = (text) => Number(text.split('.')[1]);

// Numbers compare as the shortest digits that name them: 1.50 is 1.5, and 9.1914650000000009, as
// some programs print it, 9.191465; but texts of digits keep their zeros in front.
const plain = (text) => (/^-?(0|[1-9]\d*)\.\d+$/.test(text) ? String(Number(text)) : text);

// What was imported: per record {values: {column: text}, repeats: {name: [{column: text}]}}.
const records = readCsv(given.records);
const imported = records.map((values) => ({ values, repeats: {} }));
for (const [name, file] of given.repeat) {
  const byKey = new Map(imported.map((record) => [record.values[given.key], record]));
  for (const row of readCsv(file)) {
    const { repeats } = byKey.get(row[given.key]);
    (repeats[name] ??= []).push(row);
  }
}

// Cells against answers {path: text}, both ways. Paths are matched by their last step too.
function compareCells(where, cells, answers) {
  const left = new Map(Object.entries(answers));
  let count = 0;
  for (const [column, cell] of Object.entries(cells)) {
    const path = left.has(column)
      ? column
      : [...left.keys()].find((name) => name.endsWith('/' + column));
    if (cell === '' || (path === undefined && column === given.key)) continue;
    if (path === undefined) {
      differ(`${where}: ${column} is missing, wanted ${cell}`);
      continue;
    }
    if (plain(left.get(path)) !== plain(cell))
      differ(`${where}: ${path} is ${left.get(path)}, wanted ${cell}`);
    left.delete(path);
    count++;
  }
  // What the form itself computes stands in no file.
  for (const path of left.keys()) differ(`${where}: ${path} was never imported`);
  return count;
}

function comparePlace(where, documents) {
  let count = 0;
  let instances = 0;
  documents.sort((a, b) => dot(a.id) - dot(b.id));
  if (documents.length !== imported.length)
    differ(`${where}: ${documents.length} records, wanted ${imported.length}`);
  documents.forEach((document, i) => {
    const record = imported[i];
    if (record === undefined) return;
    const top = {};
    const found = {};
    for (const [path, value] of Object.entries(document.values)) {
      const match = /^([^[]*)\[([^\]]*)\](?:\/(.*))?$/.exec(path);
      if (!match) top[path] = String(value);
      else ((found[match[1]] ??= {})[match[2]] ??= {})[match[3] ?? ''] = String(value);
    }
    if (Object.keys(document.conflicts ?? {}).length > 0)
      differ(`${where}: ${document.id} has conflicts`);
    count += compareCells(`${where} ${document.id}`, record.values, top);
    for (const name of new Set([...Object.keys(found), ...Object.keys(record.repeats)])) {
      const rows = record.repeats[name] ?? [];
      const ids = Object.keys(found[name] ?? {}).sort((a, b) => ordinal(a) - ordinal(b));
      if (ids.length !== rows.length)
        differ(`${where} ${document.id}: ${ids.length} of ${name}, wanted ${rows.length}`);
      ids.slice(0, rows.length).forEach((id, k) => {
        count += compareCells(`${where} ${document.id} ${id}`, rows[k], found[name][id]);
        instances++;
      });
    }
  });
  console.log(`# ${where}: ${documents.length} records, ${instances} instances, ${count} values`);
}

if (given.json) comparePlace('export --json', JSON.parse(fs.readFileSync(given.json, 'utf8')));

if (given.csv) {
  const about = ['id', 'area', 'version', 'created', 'changed', 'withdrawn', 'sealed', 'conflicts'];
  const documents = readCsv(given.csv).map((row) => {
    const values = Object.fromEntries(
      Object.entries(row).filter(([name, cell]) => !about.includes(name) && cell !== ''),
    );
    return { id: row.id, values };
  });
  const byId = new Map(documents.map((document) => [document.id, document]));
  for (const [name, file] of given['csv-repeat'])
    for (const row of readCsv(file)) {
      const { values } = byId.get(row.id);
      for (const [path, cell] of Object.entries(row))
        if (path.startsWith(name + '/') && cell !== '')
          values[`${name}[${row.instance}]${path.slice(name.length)}`] = cell;
    }
  comparePlace('export --csv', documents);
}

if (given.tablet) {
  const listed = JSON.parse(
    await command(given.tablet, ['list', '--form', given.form, '--json', '--limit', '1000000']),
  );
  const documents = [];
  const ids = listed.map((record) => record.id);
  await Promise.all(
    [0, 1].map(async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop())
        documents.push(JSON.parse(await command(given.tablet, ['show', id, '--json'])));
    }),
  );
  comparePlace('tablet', documents);
}

process.exit(differences === 0 ? 0 : 1);
