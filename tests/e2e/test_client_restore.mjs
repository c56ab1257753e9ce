// test_client_restore.mjs: the second client (tests/client/, written from docs/protocol.md alone) and a tablet
// of ours before a county that comes back from older backups: names that were told or are proven by others
// stay what they were, others get a new one that the client can compute, and all three agree.
import fs from 'node:fs';
import { Client } from '../client/client.mjs';
import { document, printed } from '../client/document.mjs';
import { Reading } from '../client/reading.mjs';
import { tap } from '../client/test_vectors.mjs';
import { INTEGER, TEXT, dotOf, dotText, forkName } from '../client/wire.mjs';
import { County, Tablet, area, folder } from './web.mjs';

const { check, end } = tap();
const work = folder('restore');
const county = new County(work);
county.publish('household');
await county.start(['--plain']);
const wang = new Tablet(county, 'wang');
const js = new Client(county.url);
await js.enrol(county.syncd('device', 'invite', '--areas', area, '--name', 'zhao', '--person', 'zhao'), 'zhao');
await js.sync();

const form = js.form('household');
const number = (name, parent) =>
  form.fields.find((f) => f.name === name && (!parent || form.fields[f.parent]?.name === parent)).number;
const text = (name, value, parent) => ({ field: number(name, parent), type: TEXT, value });
const home = (name) => js.create(form.id, Number(area), [text('name', name)]);
const phone = (value) => [text('phone', value)];
const member = { type: INTEGER, value: BigInt(form.fields.find((f) => f.name === 'member').number) };
function homeOfWang(name) {
  fs.writeFileSync(`${work}/family.json`, JSON.stringify({ head: { name } }));
  return wang.agent('new', 'household', '--area', area, '--file', `${work}/family.json`, '--draft');
}

const backup = (name) => {
  county.syncd('backup', `${work}/${name}`);
  county.syncd('backup', 'confirm', `${work}/${name}`);
};
let restores = 0;
async function restore(name) {
  await county.stop();
  const again = `${work}/again`;
  fs.cpSync(`${work}/county/keys`, `${again}/keys`, { recursive: true });
  const former = `${work}/lost-${++restores}`;
  fs.renameSync(`${work}/county`, former);
  fs.renameSync(again, `${work}/county`);
  county.syncd('restore', `${work}/${name}`);
  await county.start(['--plain']);
}

// Everybody holds every record, and reads the same.
function agree(when) {
  const list = JSON.parse(county.syncd('records', '--json')).map(({ id }) => id);
  check(`${when}: the client has the county's records`, [...js.confirmed.keys()].sort(), [...list].sort());
  const here = JSON.parse(wang.agent('list', '--json')).map(({ id }) => id);
  check(`${when}: so has the tablet`, here.sort(), [...list].sort());
  const shown = (program, id, ...more) => printed(JSON.parse(program('show', id, '--json', ...more)));
  const words = (...all) => county.syncd(...all);
  const wanted = list.map((id) => shown(words, id, '--reveal', '--reason', 'test'));
  const read = (id) => document(new Reading(js.confirmed.get(id), js.forms));
  check(`${when}: the client reads what the county reads`, list.map((id) => js.confirmed.has(id) && read(id)), wanted);
  check(`${when}: so does the tablet`, list.map((id) => shown((...all) => wang.agent(...all), id)), wanted);
  check(`${when}: the county verifies`, /(\d+) +differences/.exec(county.syncd('verify'))[1], '0');
  wang.agent('verify');
  return Object.fromEntries(list.map((id, i) => [id, wanted[i].values]));
}

// --- What was told ---

const first = home('一家');
await js.sync();
wang.agent('sync');
backup('one');
const second = home('二家');
js.edit(first, phone('139'));
await js.sync();
wang.agent('sync');
const third = homeOfWang('三家');
wang.agent('set', dotText(second), 'head/phone=136');
const guest = wang.agent('add', dotText(second), 'member', 'name=客人');
wang.agent('sync');
await js.sync();
js.edit(dotOf(third), phone('137'));
js.addInstance(second, member, [text('name', '孩子', 'member')]);
await js.sync();
wang.agent('sync');
js.edit(second, [text('group_name', '没发')]); // is never sent before the restore
const unsent = home('四家');
wang.agent('set', dotText(second), 'home/group_name=也没发');
const [life, told] = [js.life, js.acked];
check('one is ahead of what was receipted', [told, js.log.length], [5, 7]);
await restore('one');
await js.sync();
wang.agent('sync');
await js.sync();
wang.agent('sync');
await js.sync();
const named = forkName(life.actor, told + 1, life.log[told].leaf, js.epoch);
check('what was told has its name, what was not a new one', life.lineage, [
  { actor: life.actor, from: told + 1, name: named },
]);
check('which is no copy', [js.alarms, js.epochs.length, js.life === life], [[], 2, false]);
let values = agree('after the first restore');
check('what others wrote about it finds it', values[dotText(second)]?.[`member[${guest}]/name`], '客人');
check('what was not sent is there', values[`${named}-${unsent.number}`]?.['head/name'], '四家');
const fifth = home('五家');
await js.sync();
wang.agent('sync');
check('a new actor has its own name', agree('a new actor')[dotText(fifth)]?.['head/name'], '五家');

// --- What others prove ---

backup('two');
const sixth = home('六家');
await js.sync();
wang.agent('sync');
wang.agent('set', dotText(sixth), 'head/phone=135');
js.behaviour.silent = true;
const before = js.life;
await restore('two');
wang.agent('sync');
wang.agent('sync');
await js.sync();
wang.agent('sync');
await js.sync();
values = agree('after the second restore');
check('proven by a tablet that comes first', [before.lineage, values[dotText(sixth)]?.['head/phone']], [[], '135']);

// --- What nobody proves ---

backup('three');
const seventh = home('七家');
await js.sync();
const alone = js.life;
await restore('three');
await js.sync();
wang.agent('sync');
await js.sync();
wang.agent('sync');
values = agree('after the third restore');
const again = forkName(alone.actor, 1, alone.log[0].leaf, js.epoch);
check('neither told nor proven: a new name', [alone.lineage.map(({ name }) => name), js.alarms], [[again], []]);
check('by which all know it', values[`${again}-${seventh.number}`]?.['head/name'], '七家');

await county.stop();
fs.rmSync(work, { recursive: true });
process.exitCode = end() ? 1 : 0;
