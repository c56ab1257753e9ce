// poison.mjs: a tablet of somebody else's making sends two good households, a change that makes no
// sense, and two more; then goes on with one more and prints "KEY ID" of each household.
//
//   node poison.mjs URL CODE AREA
import { Client } from '../client/client.mjs';
import { TEXT, dotText, root } from '../client/wire.mjs';

const [url, code, area] = process.argv.slice(2);
const client = new Client(url);
await client.enrol(code, 'li');
await client.sync();
const form = client.form('household');
const field = form.fields.find((one) => one.name === 'name').number;
function household(key) {
  const dot = client.create(form.id, Number(area), [{ field, type: TEXT, value: key }]);
  console.log(`${key} ${dotText(dot)}`);
  return dot;
}
const first = household('毒一');
household('毒二');
const entry = { instance: root, field, keep: false, rank: 9, replaces: [], type: TEXT, value: '毒' };
client.save({ kind: 2, record: first, form: form.id, entries: [entry], area: Number(area) });
household('毒三');
household('毒四');
await client.sync();
household('毒五');
await client.sync();
if (client.acked !== client.log.length) {
  console.error(`only ${client.acked} of ${client.log.length} were taken`);
  process.exitCode = 1;
}
