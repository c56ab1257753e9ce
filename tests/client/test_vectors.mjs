// test_vectors.mjs: wire.mjs against docs/vectors.json. Alone: node tests/client/test_vectors.mjs;
// tests/e2e/test_client.mjs runs it too.
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import * as wire from './wire.mjs';
import * as exchange from './exchange.mjs';
import { renamed } from './life.mjs';

const { Reader, Writer } = wire;
const hex = (text) => Buffer.from(text, 'hex');
const text = (bytes) => Buffer.from(bytes).toString('hex');

// check(what, got, wanted): compares as JSON, bytes as hexadecimal.
export function vectors(check) {
  const v = JSON.parse(fs.readFileSync(new URL('../../docs/vectors.json', import.meta.url)));
  const { keys } = v;
  const each = (what, list, got, wanted) => check(what, list.map(got), list.map(wanted));

  each(
    'varints are written',
    v.varints,
    (x) => text(new Writer().varint(BigInt(x.value)).done()),
    (x) => x.bytes,
  );
  each(
    'varints are read',
    v.varints,
    (x) => String(new Reader(hex(x.bytes)).big()),
    (x) => x.value,
  );
  each(
    'signed numbers are written',
    v.signed,
    (x) => text(new Writer().signed(BigInt(x.value)).done()),
    (x) => x.bytes,
  );
  each(
    'signed numbers are read',
    v.signed,
    (x) => String(new Reader(hex(x.bytes)).bigSigned()),
    (x) => x.value,
  );
  each(
    'areas are written',
    v.areas,
    (x) => text(new Writer().area({ code: Number(x.area), audience: x.audience }).done()),
    (x) => x.bytes,
  );
  each(
    'areas are read',
    v.areas,
    (x) => new Reader(hex(x.bytes)).area(),
    (x) => ({ code: Number(x.area), audience: x.audience }),
  );
  const data = Buffer.from(v.hash.data);
  check(
    'hash and mac',
    [wire.hash(v.hash.tag, data), wire.mac(wire.hash(v.hash.tag, data), v.hash.tag, data)],
    [v.hash.hash, v.hash.mac_with_that_hash_as_key],
  );

  const publics = [
    wire.signPublic(hex(keys.county_sign_seed)),
    wire.boxPublic(hex(keys.county_box_secret)),
    wire.signPublic(hex(keys.device_sign_seed)),
    wire.boxPublic(hex(keys.vault_secret)),
    wire.signPublic(hex(keys.person_sign_seed)),
  ];
  const [county, box, device, vault, person] = publics;
  check('public keys', publics, [
    keys.county_sign_public,
    keys.county_box_public,
    keys.device_sign_public,
    keys.vault_public,
    keys.person_sign_public,
  ]);
  check(
    'names of keys',
    [
      wire.countyTag(county),
      wire.deviceName(device),
      wire.actorName(device, hex(keys.incarnation_nonce)),
      wire.personName(person),
    ],
    [keys.county, keys.device, keys.actor, keys.person],
  );

  const secret = hex(v.salt_secret);
  const changes = v.changes.map(changeOf);
  each(
    'canonical bytes',
    changes,
    (c) => wire.canonical(c),
    (c) => c.canonical,
  );
  each(
    'salts',
    changes,
    (c) => wire.saltOf(secret, c.number),
    (c) => c.salt,
  );
  each(
    'leaves',
    changes,
    (c) => wire.leafOf(c.salt, wire.canonical(c)),
    (c) => c.leaf,
  );
  let chain = wire.chainStart(keys.actor);
  check('chain at 0', chain, v.chain_start);
  each(
    'chain',
    changes,
    (c) => (chain = wire.chainNext(chain, c.leaf)),
    (c) => c.chain,
  );
  const signed = changes.filter((c) => c.signature);
  each(
    'signatures of persons',
    signed,
    (c) => wire.sign(hex(keys.person_sign_seed), 'yg person', wire.canonical(c, false)),
    (c) => c.signature,
  );

  const frame = wire.decodeFrame(hex(v.frame.bytes));
  const leaves = (list) => list.map((c) => c.leaf);
  check(
    'the frame holds the changes',
    frame.changes.map((c) => wire.canonical(c)),
    changes.map((c) => c.canonical),
  );
  check('and their leaves', leaves(frame.changes), leaves(changes));
  const cut = wire.decodeFrame(hex(v.frame_cut.bytes));
  const kept = [1, 2, 3, 4, 9].map((number) => changes[number - 1]);
  check(
    'the cut frame, its numbers',
    cut.changes.map((c) => [c.number, !!c.erased]),
    kept.map((c) => [c.number, c.number === 2]),
  );
  check('the cut frame, its leaves', leaves(cut.changes), leaves(kept));
  const insane = wire.decodeFrame(hex(v.insane.bytes));
  check(
    'what is not sane has canonical bytes',
    insane.changes.map((c) => wire.canonical(c)),
    v.insane.changes.map((c) => c.canonical),
  );
  check('and leaves', leaves(insane.changes), leaves(v.insane.changes));
  const surveys = wire.decodeFrame(hex(v.surveys.bytes));
  check('the surveys, their leaves', leaves(surveys.changes), leaves(v.surveys.changes));
  check(
    'the surveys, the first',
    wire.canonical(surveys.changes[0]),
    v.surveys.changes[0].canonical,
  );
  check(
    'the surveys, the first from its content',
    wire.canonical(changeOf(v.surveys.changes[0])),
    v.surveys.changes[0].canonical,
  );
  each(
    'the surveys, chain',
    v.surveys.changes,
    (c) => (chain = wire.chainNext(chain, hex(c.leaf))),
    (c) => c.chain,
  );
  for (const [what, read] of [
    ['frame', frame],
    ['surveys', surveys],
    ['insane', insane],
  ]) {
    const again = wire.decodeFrame(wire.encodeFrame(read.changes, read.area, () => secret));
    check(
      `${what}: what we write ourselves has the same leaves`,
      leaves(again.changes),
      leaves(read.changes),
    );
  }
  const some = frame.changes.filter((c) => [1, 3, 4, 9].includes(c.number));
  check(
    'so it is with gaps',
    leaves(wire.decodeFrame(wire.encodeFrame(some, frame.area, () => secret)).changes),
    leaves(some),
  );

  const sevens = Buffer.alloc(32, 0x77);
  check(
    'batch',
    wire.encodeBatch(
      {
        county: { sign: county, box },
        device: { seed: hex(keys.device_sign_seed), id: keys.device },
        actor: keys.actor,
        nonce: hex(keys.incarnation_nonce),
        epoch: v.batch.epoch,
        scope: v.batch.scope_serial,
        wall: v.batch.wall_ms,
        previous: hex(v.batch.previous),
        first: 1,
        last: 9,
        chain: hex(v.batch.last_hash),
        frames: [hex(v.frame.bytes)],
      },
      sevens,
    ),
    v.batch.bytes,
  );

  const { request } = v;
  const hello = exchange.helloPart({
    ...request,
    flags: 0,
    device: keys.device,
    actor: keys.actor,
    seed: hex(keys.device_sign_seed),
    nonce: Buffer.alloc(16, 0x88),
    confirm: request.scope_confirm,
    persons: [{ key: person, name: request.persons[0].name }],
    cursors: request.cursors.map((c) => ({
      area: { code: Number(c.area), audience: c.audience },
      position: c.position,
      chain: c.digest && hex(c.digest),
    })),
  });
  check(
    'request',
    Buffer.concat([
      Buffer.from([1]),
      hello,
      exchange.part(exchange.PROGRAM, Buffer.from(request.program)),
      exchange.part(exchange.BATCH, hex(v.batch.bytes)),
    ]),
    request.bytes,
  );

  const { told } = v;
  const { actor: teller } = keys;
  const epochName = wire.forkName(teller, 8, changes[7].leaf, told.former_epoch);
  check('a name that an epoch gave', epochName, told.name);
  const lineage = [{ actor: teller, from: 8, name: told.name }];
  const marks = [8, 9].map((number) => ({ number, chain: changes[number - 1].chain }));
  const mark = { number: 3, chain: Buffer.alloc(32, 0x66) };
  check(
    'what a restored county is told',
    exchange.helloPart({
      ...told,
      device: keys.device,
      actor: teller,
      form_position: 0,
      seed: hex(keys.device_sign_seed),
      nonce: Buffer.alloc(16, 0x88),
      cursors: [],
      told: [
        { actor: teller, number: 9, lineage, marks },
        { actor: told.other, number: 3, lineage: [], marks: [mark] },
      ],
    }),
    told.bytes,
  );

  const answer = exchange.readAnswer(hex(v.answer.bytes), { sign: county });
  check(
    'answer',
    [answer.epoch, answer.server_ms, answer.nonce, answer.more, answer.end],
    [v.answer.epoch, v.answer.server_ms, '89'.repeat(16), v.answer.more, '88'.repeat(16)],
  );
  const [receipt] = answer.receipts;
  check(
    'receipt',
    [receipt.number, receipt.hash, receipt.backedUp, receipt.outcomes],
    [9, changes[8].chain, v.answer.receipt.backed_up, v.answer.receipt.outcomes],
  );
  check(
    'scope',
    [answer.scope.serial, answer.scope.areas, answer.scope.audiences],
    [3, v.answer.scope.areas.map(Number), v.answer.scope.audience_mask],
  );
  check(
    'certificate',
    [answer.certificates[0].role, answer.certificates[0].name, answer.certificates[0].key],
    [2, '张三', keys.person_sign_public],
  );
  let feed = Buffer.alloc(32);
  const entries = answer.parts.filter((p) => p.kind === exchange.ENTRY);
  for (const [i, wanted] of v.feed.entries()) {
    const entry = exchange.readEntry(entries[i]);
    const digest = exchange.entryDigest(entry);
    check(`feed: digest of entry ${i + 1}`, digest, wanted.digest);
    feed = wire.hash('yg feed', feed, digest);
    check(`feed: chain of entry ${i + 1}`, feed, wanted.chain);
  }
  check(
    'feed: what is not admitted',
    exchange
      .readEntry(entries[0])
      .changes.filter((c) => !c.admitted)
      .map((c) => c.number),
    [2],
  );
  const [redacted, act] = entries.slice(2, 4).map((entry) => exchange.readEntry(entry));
  check(
    'erased: what it was',
    wire.hash('yg content', hex(v.feed[2].entered)),
    text(redacted.was),
  );
  check(
    'erased: every field of the form, and no other',
    redacted.state.versions.map((version) => version.type === wire.ERASED),
    redacted.state.versions.map((version) => version.field >= 32),
  );
  check(
    'erased: the act',
    [act.erasure.who, act.erasure.reason, act.erasure.dots[0].number],
    ['李四', '本人申请删除', 1],
  );
  check(
    'the cut frame: nothing of the second is left',
    cut.changes[1].entries.filter((e) => e.field >= 32 && e.type !== wire.ERASED).length,
    0,
  );
  const { actor, changes: read, forks } = exchange.readEntry(entries[4]);
  const forkOf = (parent, from) =>
    text(
      wire
        .hash('yg fork', hex(parent), hex(from.toString(16).padStart(16, '0')), read[from - 1].leaf)
        .subarray(0, 8),
    );
  const first = forkOf(actor, 4);
  check('feed: names of forks', [first, forkOf(first, 6)], v.feed[4].names);
  check(
    'feed: lineage',
    forks.map((row) => [row.actor, row.from, row.name]),
    [
      [actor, 4, v.feed[4].names[0]],
      [actor, 6, v.feed[4].names[1]],
    ],
  );
  check(
    'feed: answers that are names',
    v.feed[4].answers.map(([was]) => {
      const entry = { field: 33, type: wire.TEXT, value: was, instance: wire.root, replaces: [] };
      const change = { actor, number: 9, record: { actor, number: 9 }, entries: [entry] };
      return renamed(change, forks).entries[0].value;
    }),
    v.feed[4].answers.map(([, read]) => read),
  );
  check(
    'feed: head and cursor',
    [answer.heads[0].chain, answer.parts.at(-1).chain],
    [feed, text(feed.subarray(0, 8))],
  );

  const sealed = new Reader(hex(v.sealed.bytes).subarray(1)).sized();
  check(
    'sealed part',
    wire.unseal(hex(keys.vault_secret), Buffer.from('yg down'), sealed),
    v.sealed.inside,
  );
  check('vault key', vault, keys.vault_public);

  const code = exchange.readCode(v.enrolment.code);
  check(
    'code',
    [wire.hash('yg code id', code).subarray(0, 16), wire.hash('yg code key', code)],
    [v.enrolment.code_id, v.enrolment.code_key],
  );
  check(
    'code: case, dashes and I, L, O do not matter',
    [
      exchange.readCode(
        v.enrolment.code
          .toLowerCase()
          .replaceAll('-', ' ')
          .replaceAll('0', 'o')
          .replaceAll('1', 'l'),
      ),
    ],
    [code],
  );
  const asked = hex(v.enrolment.request);
  check(
    'mac of the request',
    wire.mac(hex(v.enrolment.code_key), 'yg enrol', asked.subarray(0, -32)),
    text(asked.subarray(-32)),
  );
  const enrolled = exchange.readEnrolled(hex(v.enrolment.answer), code, asked);
  check(
    'enrolled',
    [enrolled.county.sign, enrolled.county.box, enrolled.device],
    [keys.county_sign_public, keys.county_box_public, keys.device],
  );
  const list = exchange.readKeys(hex(v.key_list), county);
  check('list of TLS keys', [list.serial, list.pins[0]], [5, 'aa'.repeat(32)]);
}

// A change as the vectors tell it.
function changeOf(c) {
  const dot = wire.dotOf(c.dot);
  const version = (s) => ({
    ...wire.dotOf(s.split('.')[0]),
    ordinal: Number(s.split('.')[1] ?? 0),
  });
  const types = {
    null: wire.NULL,
    int: wire.INTEGER,
    decimal: wire.DECIMAL,
    date: wire.DATE,
    text: wire.TEXT,
    bytes: wire.BYTES,
  };
  const value = (e) =>
    ({
      null: null,
      int: e.number,
      date: e.number,
      text: e.text,
      bytes: e.bytes && hex(e.bytes),
      decimal: { scale: e.scale, mantissa: e.number },
    })[e.type];
  const list = (x) => (x === undefined ? [] : Array.isArray(x) ? x : [x]).map(hex);
  return {
    ...dot,
    kind: c.kind,
    record: wire.dotOf(c.record),
    form: c.form,
    person: c.person,
    wall: c.wall_ms,
    lamport: c.lamport,
    reason: c.reason,
    evidence: list(c.evidence),
    under: list(c.under),
    signature: c.signature && hex(c.signature),
    entries: c.entries.map((e) => ({
      instance: e.instance ? version(e.instance) : wire.root,
      field: e.field,
      keep: !!e.keep,
      rank: e.rank ?? 0,
      replaces: (e.replaces ?? []).map(version),
      type: types[e.type],
      value: value(e),
    })),
    canonical: hex(c.canonical),
    salt: hex(c.salt),
    leaf: hex(c.leaf),
    chain: hex(c.chain),
  };
}

const plain = (x) =>
  JSON.stringify(x, (key, y) =>
    y?.type === 'Buffer'
      ? text(y.data)
      : y instanceof Uint8Array
        ? text(y)
        : typeof y === 'bigint'
          ? Number(y)
          : y,
  );

// One TAP line for each check; gives how many were wrong.
export function tap(start = 0) {
  let count = start;
  let wrong = 0;
  const ok = (good, what) => {
    console.log(`${good ? 'ok' : 'not ok'} ${++count} - ${what}`);
    if (!good) wrong++;
  };
  const check = (what, got, wanted) => {
    const same = plain(got) === plain(wanted);
    ok(same, what);
    if (!same) console.log(`# got:    ${plain(got)}\n# wanted: ${plain(wanted)}`.slice(0, 2000));
  };
  return { ok, check, end: () => (console.log(`1..${count}`), wrong) };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { check, end } = tap();
  vectors(check);
  process.exitCode = end() ? 1 : 0;
}
