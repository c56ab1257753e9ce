// test_client.mjs: the second client (tests/client/, written from docs/protocol.md alone) against
// the vectors, and against the real county and a real tablet, with TLS and without.
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nameOf, pullAttachment, sendAttachment } from '../client/attachment.mjs';
import { Client } from '../client/client.mjs';
import { document, inOrder, printed } from '../client/document.mjs';
import { Reading } from '../client/reading.mjs';
import { State } from '../client/state.mjs';
import { DATE, DECIMAL, INTEGER, TEXT, dotOf, dotText, root } from '../client/wire.mjs';
import { tap, vectors } from '../client/test_vectors.mjs';

const { ok, check, end } = tap();
const build = path.resolve(process.env.YG_BUILD ?? 'build');
const forms = new URL('../../schema/forms/', import.meta.url).pathname;
const area = 430626117205;

vectors(check);

// --- Programs ---

function run(program, secret, words) {
  const env = { ...process.env, LANG: 'C.UTF-8', YG_PASSPHRASE: `secret-of-${secret}` };
  const options = { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
  return execFileSync(path.join(build, program), words, options).trim();
}

class County {
  work = fs.mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), 'yg-client-'));
  syncd(...words) {
    return run('yg-syncd', 'li', [...words, '--data', `${this.work}/county`]);
  }
  agent(...words) {
    return run('yg-agent', 'wang', [...words, '--data', `${this.work}/tablet`]);
  }
  show(record) {
    return JSON.parse(this.agent('show', record, '--json'));
  }
  async start(...options) {
    this.syncd('init', '--area', '430626');
    this.syncd('user', 'add', 'li', '--role', 'county');
    this.syncd('form', 'publish', `${forms}household`);
    const file = `${this.work}/address`;
    const words = [
      'serve',
      '--data',
      `${this.work}/county`,
      '--listen',
      '127.0.0.1:0',
      '--port-file',
      file,
    ];
    this.log = fs.openSync(`${this.work}/county.log`, 'w');
    this.server = spawn(path.join(build, 'yg-syncd'), [...words, ...options], {
      stdio: ['ignore', 'ignore', this.log],
    });
    this.ended = new Promise((done) => this.server.once('exit', done));
    while (!fs.existsSync(file) || !fs.readFileSync(file, 'utf8').trim()) {
      if (this.server.exitCode !== null)
        throw new Error(fs.readFileSync(`${this.work}/county.log`, 'utf8'));
      await new Promise((done) => setTimeout(done, 20));
    }
    this.url = fs.readFileSync(file, 'utf8').trim();
  }
  invite(name, areas = area) {
    return this.syncd(
      'device',
      'invite',
      '--areas',
      String(areas),
      '--name',
      name,
      '--person',
      name,
    );
  }
  async client(name, areas) {
    const client = new Client(this.url);
    await client.enrol(this.invite(name, areas), name);
    await client.sync();
    return client;
  }
  async stop() {
    this.server?.kill();
    await this.ended;
    fs.closeSync(this.log);
    fs.rmSync(this.work, { recursive: true });
  }
}

const seen = (client, state) => document(new Reading(state, client.forms));
const shown = printed;

// Questions about broken rules are for clients that run the form's constraints, which ours does not.
const withoutRules = (list) => list.filter((one) => one.kind !== 'soft');

const same = (what, got, wanted) => check(what, inOrder(got), inOrder(wanted));

async function refused(what, pattern, work) {
  try {
    await work();
    ok(false, what);
  } catch (error) {
    ok(pattern.test(error.message), what);
    if (!pattern.test(error.message)) console.log(`# ${error.stack.replaceAll('\n', '\n# ')}`);
  }
}

// --- With TLS: a tablet of ours and the second client share a village ---

async function story(county) {
  county.agent('enrol', '--server', county.url, '--code', county.invite('wang'));
  county.agent('sync');
  const js = new Client(county.url);
  const enrolled = await js.enrol(county.invite('zhao'), '');
  check(
    'enrolled as invited',
    [enrolled.name, enrolled.person, enrolled.scope.areas],
    ['zhao', 'zhao', [area]],
  );
  ok(enrolled.pins.length > 0, 'the county says which TLS keys it may show');
  check('the first sync is one request', await js.sync(), 1);
  const form = js.form('household');
  const field = (name, repeat) =>
    form.fields.find((f) => f.name === name && !repeat === !f.parent) ??
    form.fields.find((f) => f.name === name);
  const inside = (repeat, name) => {
    const at = form.fields.findIndex((f) => f.type === 'repeat' && f.name === repeat);
    return form.fields.find((f) => f.name === name && f.parent === at).number;
  };
  const text = (number, value) => ({ field: number, type: TEXT, value });
  const place = (repeat) => ({ type: INTEGER, value: BigInt(field(repeat).number) });
  const name = form.fields.find((f) => f.name === 'name').number;
  const phone = field('phone').number;
  const notes = field('notes').number;
  check(
    "policies are the form's",
    [field('phone').policy, field('notes').policy, field('cause_main').policy],
    ['latest', 'union', undefined],
  );

  // Both record offline.
  const answers = {
    head: { name: '王桂兰', phone: '13800000001' },
    home: { hukou_nature: '1' },
    situation: { cause_main: '1', cause_other: ['2', '3'], notes: ['甲', '乙'] },
    member: [
      { name: '王桂兰', relation: '02', birth: '1961-02-03' },
      { name: '𬍛小明', relation: '20' },
    ],
    income: [
      { item_code: 'B201', qty_observed: 3.5, unit_observed: 'head', declared_fen: -120000 },
    ],
  };
  fs.writeFileSync(`${county.work}/family.json`, JSON.stringify(answers));
  const theirs = county.agent(
    'new',
    'household',
    '--area',
    String(area),
    '--file',
    `${county.work}/family.json`,
    '--draft',
  );
  county.agent('set', theirs, 'head/phone=13900000009', 'situation/notes+=丙');
  const ours = js.create(
    form.id,
    area,
    [
      text(name, '张三'),
      text(phone, '139'),
      text(field('hukou_nature').number, '2'),
      text(notes, '一'),
      text(notes, '二'),
    ],
    [
      {
        place: place('member'),
        fields: [
          text(inside('member', 'name'), '𠮷'),
          text(inside('member', 'relation'), '02'),
          { field: inside('member', 'birth'), type: DATE, value: -5000 },
        ],
      },
      {
        place: place('income'),
        fields: [
          text(inside('income', 'item_code'), 'B201'),
          {
            field: inside('income', 'qty_observed'),
            type: DECIMAL,
            value: { scale: 2, mantissa: 350n },
          },
          text(inside('income', 'unit_observed'), 'head'),
        ],
      },
    ],
  );
  js.edit(ours, [text(phone, '13800138000')]);
  js.edit(ours, [text(notes, '三')], { add: true });
  const kept = js.addInstance(ours, place('member'), [text(inside('member', 'name'), '留下')]);
  const gone = js.addInstance(ours, place('member'), [text(inside('member', 'name'), '走了')]);
  js.remove(ours, gone);
  check('sending is one request', [await js.sync(), js.acked, js.quarantine.size], [1, 6, 0]);
  check('own changes come back without their content', js.taken, { 5: 1 });
  county.agent('sync');
  await js.sync();
  const [ourId, theirId] = [dotText(ours), theirs];
  const theirState = js.view(dotOf(theirId));
  same(
    'the second client sees the household of the tablet, every value',
    seen(js, theirState),
    shown(county.show(theirId)),
  );
  check(
    'among them an astral character and a set',
    [
      Object.values(seen(js, theirState).values).includes('𬍛小明'),
      seen(js, theirState).values['situation/notes'],
    ],
    [true, ['丙', '乙', '甲']],
  );
  same(
    'the tablet sees that of the second client',
    shown(county.show(ourId)),
    seen(js, js.view(ours)),
  );
  check(
    'with the member that was added and not the one removed',
    js.reading(ours).instances().length,
    3,
  );
  ok(county.show(ourId).values[`member[${dotText(kept)}.1]/name`] === '留下', 'its name is there');
  check('an empty sync is one request', [await js.sync(), js.requests], [1, 4]);
  check(
    'nothing is left on top of what the feed says',
    js.own().filter((own) => !own.pulled).length,
    0,
  );

  // Both edit one household.
  const income = { ...ours, ordinal: 2 };
  const where = `income[${ourId}.2]/qty_observed`;
  const quantity = inside('income', 'qty_observed');
  county.agent('set', ourId, `${where}=4`, 'head/phone=13700000007');
  js.edit(ours, [{ field: quantity, type: DECIMAL, value: { scale: 0, mantissa: 5n } }], {
    instance: income,
  });
  js.edit(ours, [text(field('group_name').number, '三组')]);
  county.agent('sync');
  await js.sync();
  county.agent('sync');
  check(
    'contradicting counts are a conflict here',
    seen(js, js.view(ours)).conflicts[where].map((side) => side.value).sort(),
    [4, 5],
  );
  check('and on the tablet', shown(county.show(ourId)).conflicts[where].map((side) => side.value).sort(), [4, 5]);
  check(
    'and in the county',
    withoutRules(JSON.parse(county.syncd('conflicts', '--json'))).map((c) => c.path),
    [where],
  );
  check(
    'the rest is merged',
    ['head/phone', 'home/group_name'].map((p) => seen(js, js.view(ours)).values[p]),
    ['13700000007', '三组'],
  );
  const grouped = js.reading(ours).conflicts.find(({ kind }) => kind === 'group');
  check('the group has two sides', grouped.sides.length, 2);
  county.syncd(
    'resolve',
    ourId,
    where,
    '--value',
    '{"qty_observed":"6","unit_observed":"head"}',
    '--as',
    'li',
    '--reason',
    'counted',
  );
  await js.sync();
  county.agent('sync');
  check('the decision is here', seen(js, js.view(ours)).values[where], 6);
  same(
    'and everything is the same on the tablet',
    seen(js, js.view(ours)),
    shown(county.show(ourId)),
  );
  const signed = [...js.confirmed.get(ourId).infos.values()].filter((info) => info.kind === 4);
  ok(
    signed.some(({ person }) => js.certificates.some((c) => c.name === 'li' && c.id === person)),
    'by a person that has a certificate',
  );

  // Somebody edits what another removes.
  const member = { ...ours, ordinal: 1 };
  js.remove(ours, member);
  county.agent('set', ourId, `member[${ourId}.1]/name=还在`);
  await js.sync();
  county.agent('sync');
  await js.sync();
  check('an edit inside what was removed is an open question', js.reading(ours).conflicts.length, 1);
  check('in the county, too', withoutRules(JSON.parse(county.syncd('conflicts', '--json'))).length, 1);

  // TLS keys.
  js.keys = { serial: 0, pins: ['00'.repeat(32)] };
  check(
    'a server with another key shows a list that the county has signed',
    [await js.sync(), js.keys.pins],
    [1, enrolled.pins],
  );
  const { county: known } = js;
  js.keys = { serial: 0, pins: [] };
  js.county = { ...known, sign: js.device };
  await refused('and nobody else', /not signed/, () => js.sync());
  js.county = known;
  js.keys = { serial: js.keys.serial + 100, pins: [] };
  await refused('nor an older list', /old list/, () => js.sync());
  check('the county verifies', /(\d+) +differences/.exec(county.syncd('verify'))[1], '0');
  county.agent('verify');
}

// --- Without TLS: what may go wrong ---

async function trouble(county) {
  const js = await county.client('zhao');
  const form = js.form('household');
  const head = form.fields.find((f) => f.name === 'name').number;
  const named = (value) => [{ field: head, type: TEXT, value }];
  const household = (client, value) => client.create(form.id, area, named(value));
  const records = () => JSON.parse(county.syncd('records', '--json')).length;

  const program = () =>
    JSON.parse(county.syncd('device', 'list', '--json')).find((one) => one.name === 'zhao').program;
  await js.sync();
  check('what the program calls itself is kept', program(), 'protocol.md');
  js.behaviour.program = 'newer 2';
  await js.sync();
  check('  as it was said last', program(), 'newer 2');
  for (const odd of ['x'.repeat(41), 'two\nlines', '阳光', '']) {
    js.behaviour.program = odd;
    await js.sync();
  }
  check('  what is no plain text, and silence, change nothing', program(), 'newer 2');
  delete js.behaviour.program;

  household(js, '一家');
  js.behaviour.cut = true;
  await refused('the connection is cut before the answer', /cut/, () => js.sync());
  js.behaviour.cut = false;
  check('the county has it, the client does not know', [records(), js.acked], [1, 0]);
  const [batch] = js.batches;
  check('it repeats', [await js.sync(), js.acked, records()], [1, 1, 1]);
  js.batches = [batch];
  await js.exchange();
  check('a batch sent twice counts once', [js.acked, records(), js.last.number], [1, 1, 1]);

  household(js, '二家');
  js.behaviour.seed = crypto.randomBytes(32);
  await refused('a batch with a wrong signature is refused', /^400/, () => js.sync());
  delete js.behaviour.seed;
  js.batches = [];
  js.behaviour.helloSeed = crypto.randomBytes(32);
  await refused('so is a hello', /^403/, () => js.sync());
  delete js.behaviour.helloSeed;
  check('nothing of them counts', [js.acked, records()], [1, 1]);
  household(js, '三家');
  household(js, '四家');
  js.batches = [];
  js.cutOne(js.life, 4, 4);
  await js.exchange();
  check(
    'a gap is answered with the number that is wanted',
    [js.last.number, js.last.want, js.acked],
    [1, 2, 1],
  );
  await js.sync();
  check('and filled', [js.acked, records()], [4, 4]);
  js.nonce = null;
  check('without a nonce the county gives one', await js.sync(), 1);
  js.nonce = Buffer.alloc(16, 7);
  check('and for one that it does not know', await js.sync(), 1);

  const { seed } = js.person;
  js.person.seed = crypto.randomBytes(32);
  const record = js.records()[0].record;
  const forged = js.resolve(record, named('不是')[0], 'because');
  js.person.seed = seed;
  await js.sync();
  check('a forged signature of a person lies in quarantine', js.quarantine.get(forged.number), 14);
  const plain = js.edit(record, [{ field: head, type: INTEGER, value: 7n }]);
  await js.sync();
  check('and a value that does not fit', js.quarantine.get(plain.number), 7);

  // A device speaks for its own people only, and a form says itself who may hold its records.
  const other = await county.client('qian');
  const { id } = js.person;
  js.person.id = other.person.id;
  const borrowed = js.edit(record, named('冒名'));
  js.person.id = id;
  const { audience } = form;
  form.audience = 'office';
  const hidden = js.edit(record, named('藏起来'));
  form.audience = audience;
  await js.sync();
  check(
    "another device's person, and another audience than the form's, lie there too",
    [js.quarantine.get(borrowed.number), js.quarantine.get(hidden.number)],
    [10, 12],
  );

  // A locked tablet.
  check(
    'another one has the four, without what is in quarantine',
    [other.confirmed.size, other.reading(record).cell(root, head).value.value],
    [4, '一家'],
  );
  household(js, '五家');
  await js.sync();
  await other.exchange({ locked: true });
  check('a locked tablet takes it sealed', other.confirmed.size, 5);
  const [feed] = other.feeds.values();
  const [chain, states] = [feed.chain, other.confirmed];
  other.feeds = new Map();
  other.confirmed = new Map();
  await other.sync({ max_bytes: 400 });
  check(
    'small answers make the same feed',
    [other.confirmed.size, [...other.feeds.values()][0].chain],
    [states.size, chain],
  );
  for (const feedOf of other.feeds.values()) feedOf.chain = Buffer.alloc(32, 1);
  household(js, '六家');
  await js.sync();
  await other.sync();
  check(
    'a cursor that the county does not know begins anew, and is told',
    [other.alarms.length, other.confirmed.size],
    [1, 6],
  );

  // A copy of the database.
  const twin = js.copy();
  const [number, copied] = [js.log.length + 1, js.actor];
  household(js, '原来');
  household(twin, '复制');
  twin.edit({ actor: copied, number }, named('复制的'));
  await js.sync();
  await twin.sync();
  check(
    'a copy is told that it is one, and begins anew',
    [twin.alarms.length, twin.actor !== copied, js.alarms.length],
    [1, true, 0],
  );
  await other.sync();
  const names = other
    .records()
    .map((state) => new Reading(state, other.forms).cell(root, head).value?.value)
    .sort();
  check(
    'nothing of both is lost',
    names.filter((n) => /原来|复制/.test(n)),
    ['原来', '复制的'],
  );
  await js.sync();
  await twin.sync();
  const all = (client) => [...client.confirmed.keys()].sort();
  check('and all agree', [all(js), all(twin)], [all(other), all(other)]);
  household(twin, '以后');
  check('the copy goes on', [await twin.sync(), twin.acked], [1, 1]);

  // Another scope.
  county.syncd('device', 'scope', 'qian', '--areas', '430626117206', '--reason', 'moved');
  await other.sync();
  check('a scope is followed', [other.scope.areas, other.confirmed.size], [[430626117206], 0]);
  const upper = await county.client('sun', 430626);
  check(
    'a wide scope brings the feeds beneath it',
    [upper.confirmed.size, [...upper.feeds.keys()].includes(`${area}/1`)],
    [9, true],
  );

  // A record that moves comes as a state.
  county.agent(
    'enrol',
    '--server',
    county.url,
    '--code',
    county.syncd(
      'device',
      'invite',
      '--areas',
      `${area},430626117206`,
      '--name',
      'wang',
      '--person',
      'wang',
      '--role',
      'county',
    ),
  );
  county.agent('sync');
  county.agent('move', dotText(record), '--area', '430626117206', '--reason', 'new house');
  county.agent('sync');
  await other.sync();
  await js.sync();
  const moved = other.confirmed.get(dotText(record));
  check(
    'a record that has moved enters there',
    [moved instanceof State, moved?.area(), other.taken[2]],
    [true, 430626117206, 1],
  );
  same('with its values', seen(other, moved), shown(county.show(dotText(record))));
  check('and leaves here', [js.confirmed.has(dotText(record)), js.taken[3]], [false, 1]);
  other.edit(record, named('搬了'));
  await other.sync();
  county.agent('sync');
  check('and is edited there', county.show(dotText(record)).values['head/name'], '搬了');

  // What the law erases.
  county.syncd('redact', dotText(record), 'head/name', '--reason', '依法删除');
  await other.sync();
  await js.sync();
  const why = () => {
    const reading = other.reading(record);
    return reading.why(reading.cell(root, head).versions[0])?.reason;
  };
  check(
    'an erased answer reads as erased, with the reason',
    [why(), other.taken[4], js.taken[4]],
    ['依法删除', 1, 1],
  );
  check(
    'own changes have lost it, too',
    other.log.flatMap(({ change }) => change.entries).filter((e) => e.value === '搬了').length,
    0,
  );
  check('what has left does not come back', js.confirmed.has(dotText(record)), false);
  const chains = [...other.feeds.values()].map((one) => one.chain);
  other.feeds = new Map();
  other.confirmed = new Map();
  await other.exchange({ whole: true });
  check(
    'read anew, the feeds prove the same',
    [[...other.feeds.values()].map((one) => one.chain), other.taken[6]],
    [chains, 1],
  );
  check('and say the same', why(), '依法删除');
  other.edit(record, named('又搬了'));
  await other.sync();
  county.agent('sync');
  check('a later answer counts', county.show(dotText(record)).values['head/name'], '又搬了');

  // Two areas by turns, one change in quarantine between the others.
  const both = await county.client('zhou', `${area},430626117206`);
  const wrong = { field: head, type: INTEGER, value: 4n };
  for (let i = 0; i < 8; i++)
    both.create(form.id, i % 3 ? area : 430626117206, i === 4 ? [wrong] : named(`${i}`));
  check(
    'own entries with gaps and a mask fit the chain',
    [
      await both.sync(),
      both.quarantine.size,
      both.taken[5],
      both.own().filter((own) => own.pulled).length,
    ],
    [1, 1, 2, 7],
  );
  const [mine, wholeFeeds] = [
    both.confirmed.size,
    [...both.feeds.values()].map((one) => one.chain),
  ];
  both.feeds = new Map();
  both.confirmed = new Map();
  await both.exchange({ whole: true });
  check(
    'and so do whole ones',
    [both.confirmed.size, [...both.feeds.values()].map((one) => one.chain)],
    [mine, wholeFeeds],
  );

  // What is attached goes up, and comes down to others.
  const sender = await county.client('wu');
  const picture = Buffer.concat([
    Buffer.from('ffd8ffe000040102ffc0000b080010001001011100ffda0008010100003f00', 'hex'),
    crypto.randomBytes(600000).map((byte) => byte % 255),
    Buffer.from('ffd9', 'hex'),
  ]);
  const naming = sender.create(form.id, area, named(nameOf(picture).toString('hex')));
  await sender.sync();
  const receiver = await county.client('zheng2');
  await receiver.sync();
  check('a photo that is still elsewhere', (await pullAttachment(receiver, naming, nameOf(picture))).state, 1);
  check('a photo arrives', await sendAttachment(sender, picture, area), 2);
  check('once', await sendAttachment(sender, picture, area), 2);
  const pulled = await pullAttachment(receiver, naming, nameOf(picture));
  check('and comes down to another tablet', pulled.bytes?.equals(picture), true);
  const stranger = await county.client('sun2', 430626117209);
  check('but not to one of another area', (await pullAttachment(stranger, naming, nameOf(picture))).state, 7);
  check('nor what no record names', (await pullAttachment(receiver, naming, crypto.randomBytes(32))).state, 7);

  // A history that is longer than the state.
  const village = 430626117207;
  const author = await county.client('zheng', village);
  const group = form.fields.find((f) => f.name === 'group_name').number;
  const homes = Array.from({ length: 20 }, (_, i) => author.create(form.id, village, named(`${i}`)));
  for (let round = 0; round < 4; round++) {
    for (const home of homes) {
      const value = crypto.randomBytes(6000).toString('base64');
      author.edit(home, [{ field: group, type: TEXT, value }]);
    }
    await author.sync();
  }
  const late = await county.client('feng', village);
  const patient = new Client(county.url);
  await patient.enrol(county.invite('chen', village), 'chen');
  await patient.sync({ history: true });
  const every = (client) => homes.map((home) => seen(client, client.confirmed.get(dotText(home))));
  check(
    'a new tablet gets a snapshot of it',
    [late.chunks > 0, late.taken[1], late.taken[2], late.confirmed.size, late.alarms],
    [true, undefined, 20, 20, []],
  );
  check(
    'one that takes none gets the history, ...',
    [patient.chunks, patient.taken[1] > 3, patient.confirmed.size],
    [0, true, 20],
  );
  check('... and both have the same', every(late), every(patient));
  author.edit(homes[0], named('以后'));
  await author.sync();
  await late.sync();
  check(
    'the tail follows it',
    [late.taken[1], late.alarms, every(late)[0].values['head/name']],
    [1, [], '以后'],
  );
  check('the county verifies', /(\d+) +differences/.exec(county.syncd('verify'))[1], '0');
}

for (const [work, options] of [
  [story, []],
  [trouble, ['--plain']],
]) {
  const county = new County();
  try {
    await county.start(...options);
    await work(county);
  } catch (error) {
    ok(false, `${work.name} runs to its end`);
    console.log(`# ${error.stack.replaceAll('\n', '\n# ')}`);
  } finally {
    await county.stop();
  }
}
process.exitCode = end() ? 1 : 0;
