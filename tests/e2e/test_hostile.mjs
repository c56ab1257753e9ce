// test_hostile.mjs: a tablet that was taken over: its keys are good, what it sends is not. The
// county refuses it with few words, little memory and no crash, and others sync meanwhile.
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { Client } from '../client/client.mjs';
import { Reader, TEXT, Writer, canonical, decodeFrame, encodeBatch, encodeFrame, root } from '../client/wire.mjs';
import { tap } from '../client/test_vectors.mjs';

const { ok, check, end } = tap();
const build = path.resolve(process.env.YG_BUILD ?? 'build');
const area = 430626117205;
const work = fs.mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), 'yg-hostile-'));
const forms = new URL('../../schema/forms/', import.meta.url).pathname;

const syncd = (...words) =>
  execFileSync(path.join(build, 'yg-syncd'), [...words, '--data', `${work}/county`], {
    env: { ...process.env, LANG: 'C.UTF-8', YG_PASSPHRASE: 'secret-of-li' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

syncd('init', '--area', '430626');
syncd('form', 'publish', `${forms}household`);
const log = fs.openSync(`${work}/county.log`, 'w');
const server = spawn(
  path.join(build, 'yg-syncd'),
  ['serve', '--data', `${work}/county`, '--listen', '127.0.0.1:0', '--port-file', `${work}/address`],
  { stdio: ['ignore', 'ignore', log] },
);
const ended = new Promise((done) => server.once('exit', done));
while (!fs.existsSync(`${work}/address`) || !fs.readFileSync(`${work}/address`, 'utf8').trim()) {
  if (server.exitCode !== null) throw new Error('the county did not start');
  await new Promise((done) => setTimeout(done, 20));
}
const url = fs.readFileSync(`${work}/address`, 'utf8').trim();

async function client(name) {
  const one = new Client(url);
  const code = syncd('device', 'invite', '--areas', String(area), '--name', name, '--person', name);
  await one.enrol(code, name);
  await one.sync();
  return one;
}
const bad = await client('bad');
const good = await client('good');
const form = bad.form('household');
const head = form.fields.find((field) => field.name === 'name').number;
const household = (who, value) => who.create(form.id, area, [{ field: head, type: TEXT, value }]);
const records = () => JSON.parse(syncd('records', '--json')).length;
const memory = () => {
  const status = fs.readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024;
};

// The frame of one new household, taken apart and put together again.
const [own] = [household(bad, '坏的')];
const at = bad.log[0].area;
const secret = (run) => bad.life.secret(`${at.code}/${at.audience} ${form.id}`, run * 64);
const frame = encodeFrame([bad.log[0].change], at, secret);
function anew(change) {
  const r = new Reader(frame);
  const parts = { version: r.byte(), flags: r.byte(), actor: r.id(), form: r.id(), area: r.area() };
  Object.assign(parts, { first: r.varint(), count: r.varint(), raw: r.sized(), body: r.rest() });
  change(parts);
  const w = new Writer().byte(parts.version).byte(parts.flags).id(parts.actor).id(parts.form);
  w.area(parts.area).varint(parts.first).varint(parts.count);
  if (parts.flags & 1) w.varint(parts.open);
  return w.sized(parts.raw).bytes(parts.body).done();
}
const batchOf = (frames, what = {}) =>
  encodeBatch({
    county: bad.county, device: { seed: bad.seed, id: bad.id }, actor: bad.actor, nonce: bad.actorNonce,
    epoch: bad.epoch, scope: bad.scope.serial, wall: Date.now(), previous: bad.chain[0],
    first: 1, last: 1, chain: bad.chain[1], frames, ...what,
  });

// Sends a batch with good signatures; it must be refused, and the answer must come.
async function refused(what, frames, more) {
  bad.batches = [{ first: 1, last: 1, bytes: batchOf(frames, more) }];
  let status = 'accepted';
  try {
    await bad.exchange();
  } catch (error) {
    status = error.message;
  }
  ok(/^4\d\d: /.test(status), `${what} is refused`);
  if (!/^4\d\d: /.test(status)) console.log(`# ${status}`);
}
const zeros = (size) => zlib.deflateSync(Buffer.alloc(size), { level: 9 });
const packed = (open, body) => (parts) => Object.assign(parts, { flags: parts.flags | 1, open, body });

await refused('a frame of 64 MiB that says it is small', [anew(packed(1000, zeros(64 << 20)))]);
await refused('a frame of 64 MiB that says it is 8', [anew(packed(8 << 20, zeros(64 << 20)))]);
await refused('a frame of 8 MiB of nothing', [anew(packed(8 << 20, zeros(8 << 20)))]);
await refused('a frame that says it is a tebibyte', [anew(packed(2 ** 40, zeros(1000)))]);
await refused('a frame that inflates to less than it says', [anew(packed(9000, zeros(1000)))]);
await refused('a zlib stream that is cut off', [anew((p) => packed(p.body.length, zlib.deflateSync(p.body).subarray(0, -6))(p))]);
await refused('a zlib stream with something behind it', [anew((p) => packed(p.body.length, Buffer.concat([zlib.deflateSync(p.body), Buffer.alloc(9)]))(p))]);
await refused('a zlib stream that is none', [anew(packed(100, crypto.randomBytes(500)))]);
await refused('two hundred bombs of 8 MiB in one batch', Array(200).fill(anew(packed(8 << 20, zeros(8 << 20)))));
await refused('a thousand empty frames', Array(1000).fill(Buffer.alloc(0)));
await refused('a frame of another version', [anew((p) => (p.version = 9))]);
await refused('a frame with unknown flags', [anew((p) => (p.flags = 0x80))]);
await refused('a frame of somebody else', [anew((p) => (p.actor = good.actor))]);
await refused('a frame of no changes', [anew((p) => (p.count = 0))]);
await refused('a frame of too many changes', [anew((p) => (p.count = 513))]);
await refused('a frame of 2^50 changes', [anew((p) => (p.count = 2 ** 50))]);
await refused('a number from the far future', [anew((p) => (p.first = 2 ** 53 - 1))]);
await refused('no frame at all', []);
await refused('the same frame twice', [frame, frame]);
await refused('a chain that does not fit', [frame], { chain: crypto.randomBytes(32) });
await refused('a chain that begins elsewhere', [frame], { previous: crypto.randomBytes(32) });
await refused('a range that is not that of the frame', [frame], { last: 2 });
for (const size of [1, 2, 10, 20, frame.length >> 1, frame.length - 1])
  await refused(`a frame cut after ${size} bytes`, [frame.subarray(0, size)]);

// Bits all over the frame, signed anew. What is still a frame has another leaf, so it must be refused
// as well. Not those of the area, which only says where the tablet filed it; the county does so anew.
const means = (bytes) => {
  try {
    return canonical(decodeFrame(bytes).changes[0]).toString('hex');
  } catch {
    return 'nothing';
  }
};
const areaAt = 18;
const areaEnd = areaAt + new Writer().area(at).done().length;
let accepted = 0;
for (let bit = 0; bit < frame.length * 8; bit += 5) {
  if (bit >> 3 >= areaAt && bit >> 3 < areaEnd) continue;
  const flipped = Buffer.from(frame);
  flipped[bit >> 3] ^= 1 << (bit & 7);
  if (means(flipped) === means(frame)) continue; // another way to write the same
  bad.batches = [{ first: 1, last: 1, bytes: batchOf([flipped]) }];
  try {
    await bad.exchange();
    accepted++;
    break;
  } catch (error) {
    if (!/^4\d\d: /.test(error.message)) {
      accepted = error.message;
      break;
    }
  }
}
check('of the flipped ones none is accepted', accepted, 0);
check('nothing of all that is at the county', records(), 0);
ok(server.exitCode === null, 'which still runs');
ok(memory() < 200, `and never used much memory (${memory().toFixed(0)} MB)`);

household(good, '好的');
check('another tablet syncs', [await good.sync(), good.acked, records()], [1, 1, 1]);
bad.batches = [{ first: 1, last: 1, bytes: batchOf([frame]) }];
await bad.exchange();
check('the true batch is accepted after all', [bad.acked, records(), own !== undefined], [1, 2, true]);
check('the county verifies', /(\d+) +differences/.exec(syncd('verify'))[1], '0');

// What decodes and makes no sense: its own outcome, among neighbours that do not feel it.
const member = { actor: good.actor, number: 1, ordinal: 1 };
const plain = { keep: false, rank: 0, replaces: [], type: TEXT, value: '无' };
const odd = (more, entries) => {
  bad.save({ kind: 2, record: own, form: form.id, area, entries, asGiven: true, ...more });
  household(bad, `第${bad.log.length}`);
};
odd({ kind: 0 }, []);
odd({ kind: 77 }, [{ ...plain, instance: root, field: head }]);
odd({ record: { actor: bad.actor, number: 999 } }, [{ ...plain, instance: root, field: head }]);
odd({ record: { actor: root.actor, number: 1 } }, [{ ...plain, instance: root, field: head }]);
odd({}, [{ ...plain, instance: root, field: head, rank: 200 }]);
odd({}, [{ ...plain, instance: root, field: head, value: Buffer.from([0xc3, 0x28]) }]);
odd({}, [{ ...plain, instance: root, field: 2, type: 1, value: 5n }]);
odd({}, [{ ...plain, instance: root, field: head, replaces: [{ ...own, number: 999, ordinal: 0 }] }]);
odd({}, [1, 2].map((row) => ({ ...plain, instance: member, field: head, row })));
odd({}, [1, 2].map((row) => ({ ...plain, instance: member, field: head + 2 - row, row })));
odd({ reason: '长'.repeat(1000) }, [{ ...plain, instance: root, field: head }]);
const insane = 11;
bad.batches = [];
await bad.sync();
check('a tablet with changes that make no sense goes on', bad.acked, bad.log.length);
const kept = JSON.parse(syncd('quarantine', '--json'));
check('each is kept aside', [kept.length, ...new Set(kept.map((one) => one.verdict))], [insane, 'malformed']);
check('their neighbours are there', records(), 2 + insane);
await good.sync();
check('and reach another tablet', good.records().length, 2 + insane);
check('the county verifies again', /(\d+) +differences/.exec(syncd('verify'))[1], '0');

server.kill();
check('and ends in order', await ended, 0);
fs.rmSync(work, { recursive: true });
process.exitCode = end() ? 1 : 0;
