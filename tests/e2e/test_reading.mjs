// test_reading.mjs: the second client (tests/client/, written from docs/protocol.md alone) reads what people
// have made of some records on three tablets of ours, at the county and on itself, with every policy of a
// form, groups, removals and what was written inside meanwhile, seals, moves, decisions, erasures: each
// record, held against what the county prints of it and against the county's bytes.
//
//   node tests/e2e/test_reading.mjs [SEED [ROUNDS]]
import fs from 'node:fs';
import { Client } from '../client/client.mjs';
import { document, pathOf, printed } from '../client/document.mjs';
import { Reading } from '../client/reading.mjs';
import { tap } from '../client/test_vectors.mjs';
import { DECIMAL, INTEGER, NULL, TEXT, dotOf, dotText, root } from '../client/wire.mjs';
import { command } from './control.mjs';
import { County, Tablet, area, folder } from './web.mjs';

const { ok, check, end } = tap();
const sheets = new URL('../client/survey', import.meta.url).pathname;
const other = '430626117206';
const third = '430626117208';
const areas = `${area},${other},${third}`;
const [seed = 1, rounds = 16] = process.argv.slice(2).map(Number);

// --- Chance ---

let chance = seed;
function roll(sides) {
  chance = (Math.imul(chance, 1103515245) + 12345) >>> 0;
  return Math.floor((chance / 2 ** 32) * sides);
}
const pick = (list) => list[roll(list.length)];
const word = () => pick(['甲', '乙', '丙']);
const number = () => String(roll(4));

// --- Who there is ---

const work = folder('reading');
const county = new County(work);
county.syncd('form', 'publish', sheets);
await county.start(['--plain']);
const tablets = [];
const invite = (name, ...more) =>
  county.syncd('device', 'invite', '--areas', areas, '--name', name, '--person', name, ...more);
for (const name of ['wang', 'zhang', 'chen']) {
  const role = name === 'wang' ? [] : ['--role', 'county']; // they may move records, and decide
  const tablet = new Tablet(county, name, areas, invite(name, ...role));
  await tablet.start();
  await command(tablet.data, ['unlock'], { secret: `secret-of-${name}` });
  tablets.push(tablet);
}
async function join(name) {
  const client = new Client(county.url);
  await client.enrol(invite(name), name);
  await client.sync();
  return client;
}
const js = await join('zhao');

const counts = {}; // of what was done, and of what was refused
async function act(kind, folder_, words, secret) {
  try {
    const out = await command(folder_, words, { secret });
    counts[kind] = (counts[kind] ?? 0) + 1;
    return out.trim();
  } catch (error) {
    if (/status null/.test(error.message)) throw error;
    if (process.env.TELL) console.log('#', error.message.trim());
    counts[`${kind}, refused`] = (counts[`${kind}, refused`] ?? 0) + 1;
    return '';
  }
}
const read = async (at, ...words) => JSON.parse(await command(at, [...words, '--json']));
const seen = (id) => read(`${work}/county`, 'show', id, '--reveal', '--reason', 'test');

// --- What people do ---

const answers = {
  title: word, phone: word, most: number, least: () => `${roll(3)}.${roll(2) * 5}`, flag: () => pick(['yes', 'no']),
  card: word, born: word, day: () => `2026-01-0${1 + roll(3)}`, 'bank/holder': word, 'bank/number': number,
  street: word, house: number, words: word, sum: number,
};
const inMember = { name: word, card: number, age: number, left: word, right: word };
const inItem = { what: word, count: number };
const some = (of) => {
  const name = pick(Object.keys(of));
  return `${name}=${roll(8) ? of[name]() : ''}`;
};
const inside = (doc, pattern) => [
  ...new Set(Object.keys(doc.values).flatMap((at) => pattern.exec(at)?.[0] ?? [])),
];
const reason = ['--reason', 'seen'];

async function decide(tablet, doc, id) {
  const paths = Object.keys(doc.conflicts);
  if (!paths.length) return '';
  const at = pick(paths);
  const side = pick(doc.conflicts[at]);
  let words = ['--keep', side.dot];
  if (side.kind === 'removed' && roll(2)) words = ['--remove'];
  if (side.kind === 'same') words = [pick(['--same', '--different'])];
  if (side.kind === 'field' && !roll(4)) words = ['--value', answers[at]?.() ?? word()];
  if (tablet) return act('resolve', tablet.data, ['resolve', id, at, ...words, ...reason]);
  const who = ['--as', 'li', ...reason];
  return act('decide', `${work}/county`, ['resolve', id, at, ...words, ...who], 'secret-of-li');
}

async function begin(tablet, where = pick([area, other])) {
  const answer = {
    title: word(),
    causes: ['a'],
    notes: ['x'],
    bank: { holder: word() },
    words: word(),
    member: [{ name: word(), card: number(), item: [{ what: word() }] }, { name: word() }],
    witness: [{ who: word() }],
  };
  fs.writeFileSync(`${work}/answers.json`, JSON.stringify(answer));
  const words = ['survey', '--area', where, '--file', `${work}/answers.json`, '--draft'];
  return act('new', tablet.data, ['new', ...words]);
}

async function step(tablet) {
  const ids = (await read(tablet.data, 'list')).map((one) => one.id);
  const on = (kind, ...words) => act(kind, tablet.data, words);
  if (!ids.length) return ''; // all are withdrawn
  const id = pick(ids);
  const doc = await read(tablet.data, 'show', id);
  const members = inside(doc, /^member\[[^\]]+\]/);
  const items = inside(doc, /^member\[[^\]]+\]\/item\[[^\]]+\]/);
  const witnesses = inside(doc, /^witness\[[^\]]+\]/);
  const things = [...members, ...items, ...witnesses];
  switch (roll(16)) {
    case 0:
    case 1:
    case 2:
      return on('set', 'set', id, some(answers));
    case 3:
      return on('set', 'set', id, some(answers), `${pick(['causes', 'notes'])}${pick(['+', '-'])}=${pick(['a', 'b', 'c'])}`);
    case 4:
    case 5:
    case 6:
      return members.length ? on('inside', 'set', id, `${pick(members)}/${some(inMember)}`) : '';
    case 7:
    case 8:
      return items.length ? on('inside', 'set', id, `${pick(items)}/${some(inItem)}`) : '';
    case 9:
      return on('add', 'add', id, 'member', `name=${word()}`, `card=${number()}`);
    case 10:
      return members.length ? on('add', 'add', id, `${pick(members)}/item`, `what=${word()}`) : '';
    case 11:
    case 12:
      return things.length ? on('remove', 'remove', id, pick(things)) : '';
    case 13:
      return decide(tablet, doc, id);
    case 14:
      if (roll(3)) return on('amend', 'amend', id, `words=${word()}`, ...reason);
      return on('seal', 'seal', id, 'visit');
    default:
      if (roll(2)) return on('move', 'move', id, '--area', pick([area, other]), ...reason);
      return roll(2) ? '' : on('withdraw', 'remove', id, '--record', ...reason);
  }
}

// The same on the second client: with ranks, sets, groups, and what it takes out.
function stepHere() {
  const form = js.form('survey');
  const { record } = pick(js.records());
  const reading = js.reading(record);
  const field = (name, of = '') => form.fields.find((f) => {
    const parent = form.fields[f.parent]?.name ?? '';
    return f.name === name && (parent === of || (!of && parent === 'bank'));
  }).number;
  const text = (name, of) => ({ field: field(name, of), type: TEXT, value: word() });
  const there = reading.instances();
  const sure = there.filter(({ unnamed }) => !unnamed);
  const among = there.filter(({ repeat }) => repeat === field('member'));
  counts.here = (counts.here ?? 0) + 1;
  switch (roll(7)) {
    case 0:
      return js.edit(record, [{ ...text('card'), rank: 1 + roll(4) }]);
    case 1:
      return js.edit(record, [text(pick(['title', 'phone', 'holder', 'number', 'street']))]);
    case 2:
      return js.edit(record, [{ field: field('most'), ...pick([{ type: NULL, value: null }, { type: INTEGER, value: BigInt(roll(5)) }]) }]);
    case 3:
      return js.edit(record, [{ field: field('least'), type: DECIMAL, value: { scale: 2, mantissa: BigInt(roll(3) * 50) } }]);
    case 4:
      return among.length && js.edit(record, [text(pick(['name', 'left', 'right']), 'member')], { instance: pick(among).id });
    case 5:
      return sure.length && js.remove(record, pick(sure).id);
    default:
      return js.addInstance(record, { type: INTEGER, value: BigInt(field('member')) }, [text('name', 'member')]);
  }
}

// --- Everybody reads the same ---

// What differs, by its path: [only here, only there].
function differences(here, there) {
  const flat = ({ values, conflicts, ...rest }) => ({
    ...rest,
    ...values,
    ...Object.fromEntries(Object.entries(conflicts).map(([at, sides]) => [`? ${at}`, sides])),
  });
  const [a, b] = [flat(here), flat(there)];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const parts = (x) => (Array.isArray(x) ? x : [x]).map((one) => JSON.stringify(one) ?? 'nothing');
  const only = (x, y) => parts(x).filter((one) => !parts(y).includes(one));
  const differs = names.map((at) => [at, [only(a[at], b[at]), only(b[at], a[at])]]);
  return Object.fromEntries(differs.filter(([, lists]) => lists.flat().length > 0));
}
const kinds = {}; // of open questions
async function compare(when) {
  const list = await read(`${work}/county`, 'records');
  check(`${when}: as many records`, [...js.confirmed.keys()].sort(), list.map((one) => one.id).sort());
  for (const { id, withdrawn } of list) {
    const reading = new Reading(js.confirmed.get(id), js.forms);
    reading.conflicts.forEach(({ kind }) => (kinds[kind] = (kinds[kind] ?? 0) + 1));
    const there = { ...printed(await seen(id)), withdrawn };
    const here = { ...document(reading), withdrawn: reading.withdrawn };
    check(`${when}: ${id} reads here as in the county`, differences(here, there), {});
  }
  console.log('#', JSON.stringify(kinds));
}

async function everybody() {
  for (const tablet of tablets) await act('sync', tablet.data, ['sync']);
  await js.sync();
}

const [wang, zhang, chen] = tablets;
const on = (tablet, kind, id, ...words) => act(kind, tablet.data, [kind, id, ...words]);
for (let i = 0; i < 5; i++) await begin(wang, area);
await everybody();

// What chance would bring about too seldom.
const [ranked, closed, twins, gone] = js.records().map(({ record }) => dotText(record));
const form = js.form('survey');
const card = { field: form.fields.find((f) => f.name === 'card' && f.parent === undefined).number, type: TEXT };
await on(wang, 'set', ranked, 'card=甲', 'flag=no', 'most=1', 'bank/holder=张', 'street=一');
js.edit(dotOf(ranked), [{ ...card, value: '乙', rank: 3 }]);
await on(zhang, 'set', ranked, 'card=丙', 'flag=yes', 'most=3', 'bank/holder=李', 'street=二');
await on(zhang, 'move', ranked, '--area', other, ...reason);
await on(chen, 'move', ranked, '--area', third, ...reason);
const latecomer = await join('wu');
latecomer.edit(dotOf(ranked), [{ ...card, value: '丁', rank: 3 }]);
await on(wang, 'set', closed, 'sum=1');
await on(wang, 'seal', closed, 'visit');
await on(zhang, 'set', closed, 'words=迟', 'sum=2');
await on(zhang, 'add', closed, 'witness', 'who=迟');
await on(chen, 'set', closed, 'sum=3');
await on(chen, 'seal', closed, 'visit');
for (const tablet of tablets) await on(tablet, 'add', twins, 'member', 'name=甲', 'card=9');
await on(wang, 'set', gone, 'bank/holder=张', 'bank/number=1');
await on(zhang, 'set', gone, 'bank/holder=李', 'bank/number=2');
await everybody();
await latecomer.sync();
await everybody();
await compare('contradictions');
check('of every kind', ['area', 'field', 'group', 'same', 'seal'].filter((kind) => !kinds[kind]), []);
const same = Object.entries((await seen(twins)).conflicts).filter(([, [side]]) => side.kind === 'same');
for (const [i, [at]] of same.entries())
  await act('decide', `${work}/county`, ['resolve', twins, at, i ? '--different' : '--same', '--as', 'li', ...reason],
    'secret-of-li');
await act('redact', `${work}/county`, ['redact', gone, 'bank/holder', ...reason], 'secret-of-li');
await on(wang, 'amend', closed, 'words=改', ...reason);
await everybody();
await compare('decisions');

for (let round = 0; round < rounds; round++) {
  for (const tablet of tablets) {
    for (let i = 0; i < 5; i++) await step(tablet);
    if (!roll(3)) await act('sync', tablet.data, ['sync']);
  }
  for (let i = 0; i < 3; i++) stepHere();
  if (!roll(3)) await js.sync();
  const records = (await read(`${work}/county`, 'records')).map((one) => one.id);
  for (let i = 0; i < 2 && records.length; i++) {
    const id = pick(records);
    await decide(null, await seen(id), id);
  }
  if (round % 5 === 4 && records.length) {
    const doc = await seen(pick(records));
    const at = pick(Object.keys(doc.values).filter((one) => !/^(most|least)/.test(one)));
    if (at) await act('redact', `${work}/county`, ['redact', doc.id, at, ...reason], 'secret-of-li');
  }
}
await everybody();
await everybody();
console.log('#', JSON.stringify(counts), 'waits:', js.quarantine.size);

await compare('everything');
const list = await read(`${work}/county`, 'records');
const late = await join('qian');
const bytes = (client) => list.map(({ id }) => client.confirmed.get(id)?.packed().toString('hex'));
check('whoever comes late comes to the same bytes', bytes(late), bytes(js));

// The digest of a seal is made of what its author read.
const sealed = await begin(tablets[0]);
await act('inside', tablets[0].data, ['set', sealed, 'sum=7']);
await act('sync', tablets[0].data, ['sync']);
await js.sync();
const [digest] = [js.reading(dotOf(sealed)).digest(0)];
await act('seal', tablets[0].data, ['seal', sealed, 'visit']);
await act('sync', tablets[0].data, ['sync']);
await js.sync();
const [seal] = js.reading(dotOf(sealed)).sealed.get(0)?.seals ?? [];
check('a seal has the digest of what it closes', seal?.value.subarray(0, 16), digest);

// Villages become one: every record enters its feed as the county holds it.
const entered = new Map();
const take = js.takeEntry.bind(js);
js.takeEntry = (entry) => {
  if (entry.packed) entered.set(dotText(entry.record), entry.packed.toString('hex'));
  take(entry);
};
const before = [...js.confirmed].map(([id, state]) => [id, state.packed().toString('hex')]).sort();
const merge = ['area', 'merge', area, other, third, '--into', '430626117207', ...reason];
await act('merge', `${work}/county`, merge, 'secret-of-li');
await js.sync();
check("they are the county's bytes", [...entered].sort(), before);
check('and stay', [...js.confirmed].map(([id, state]) => [id, state.packed().toString('hex')]).sort(), before);
check('in one feed', [...new Set([...js.confirmed.values()].flatMap(({ feeds }) => [...feeds]))], ['430626117207/1']);

ok(/(\d+) +differences/.exec(county.syncd('verify'))[1] === '0', 'the county verifies');
for (const tablet of tablets) await tablet.stop();
await county.stop();
process.exitCode = end() ? 1 : 0;
