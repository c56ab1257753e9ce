// exchange.mjs: what travels between tablet and county: sections 9 to 11 of docs/protocol.md.
import crypto from 'node:crypto';
import zlib from 'node:zlib';
import {
  Reader,
  Refused,
  Writer,
  decodeFrame,
  hash,
  mac,
  sign,
  signedBy,
  takeErasure,
  unseal,
} from './wire.mjs';
import { readState } from './packed.mjs';

export const HELLO = 1,
  BATCH = 2,
  PROGRAM = 8,
  ANSWER = 16,
  SIGNED = 17,
  FORM = 18,
  ENTRY = 19,
  CURSOR = 20,
  SEALED = 21,
  SNAPSHOT = 22,
  AREAS = 26,
  CHUNK = 27,
  END = 29;

export const part = (kind, content) => new Writer().byte(kind).sized(content).done();

// --- Up ---

export function helloPart(h) {
  const w = new Writer();
  const flags =
    (h.locked ? 1 : 0) +
    (h.whole ? 2 : 0) +
    ((h.confirm ?? h.scope_serial) === h.scope_serial ? 0 : 4) +
    (h.nonce ? 8 : 0) +
    (h.persons?.length ? 16 : 0) +
    (h.max_bytes ? 32 : 0) +
    (h.scope_at ? 64 : 0) +
    (h.told?.length ? 128 : 0);
  w.byte(flags).id(h.device).id(h.actor).varint(h.epoch).varint(h.scope_serial);
  if (flags & 4) w.varint(h.confirm);
  if (flags & 64) w.varint(h.scope_at);
  w.varint(h.form_position).signed(h.wall_ms).varint(h.own_last);
  if (flags & 32) w.varint(h.max_bytes);
  if (flags & 8) w.bytes(h.nonce);
  if (flags & 16) w.varint(h.persons.length);
  if (flags & 16) h.persons.forEach(({ key, name }) => w.bytes(key).text(name));
  w.varint(h.cursors.length);
  for (const { area, position, chain } of h.cursors) {
    w.area(area).varint(position);
    if (position) w.bytes(chain.subarray(0, 8));
  }
  if (flags & 128) w.varint(h.told.length);
  if (flags & 128)
    for (const { actor, number, lineage, marks } of h.told) {
      w.id(actor).varint(number).varint(lineage.length ? 1 : 0);
      if (lineage.length) addLineage(w, lineage);
      w.varint(marks.length);
      marks.forEach((mark) => w.varint(mark.number).bytes(mark.chain));
    }
  return part(HELLO, w.bytes(sign(h.seed, 'yg hello', w.done())).done());
}

// --- 3. Names: a lineage ---

const readLineage = (r) =>
  listOf(r, () => ({ actor: r.id(), from: r.varint(), name: r.id() }));

const addLineage = (w, rows) => {
  w.varint(rows.length);
  rows.forEach(({ actor, from, name }) => w.id(actor).varint(from).id(name));
};

// --- Down ---

function listOf(r, read) {
  return Array.from({ length: r.varint() }, () => read(r));
}

function readScope(r) {
  const scope = { serial: r.varint(), audiences: r.byte() };
  const flags = r.byte();
  return {
    ...scope,
    revoked: !!(flags & 1),
    wipe: !!(flags & 2),
    areas: listOf(r, () => r.area().code),
  };
}

function readReceipt(r) {
  const bits = r.byte();
  const receipt = { actor: r.id(), number: r.varint(), hash: r.bytes(32), outcomes: [] };
  if (bits & 1) receipt.forks = readLineage(r);
  if (bits & 2) receipt.want = r.varint();
  if (bits & 4) receipt.backedUp = r.varint();
  if (bits & 8) receipt.outcomes = listOf(r, () => ({ number: r.varint(), verdict: r.byte() }));
  if (bits & 16) receipt.returns = listOf(r, () => ({ number: r.varint(), reason: r.text() }));
  return receipt;
}

function readCursor(r) {
  const cursor = { area: r.area(), position: r.varint() };
  return cursor.position ? { ...cursor, chain: r.bytes(8) } : cursor;
}

// The parts behind ANSWER and SIGNED, in their order; those of unknown kinds are left out. Gives the
// content of END, if that is the last one.
function readParts(r, parts) {
  let end;
  while (r.more) {
    const kind = r.byte();
    end = undefined;
    const p = new Reader(r.sized());
    if (kind === FORM) parts.push({ kind, position: p.varint(), json: zlib.inflateSync(p.rest()) });
    if (kind === ENTRY) parts.push({ kind, area: p.area(), position: p.varint(), body: p.rest() });
    if (kind === CURSOR) parts.push({ kind, ...readCursor(p) });
    if (kind === CURSOR) p.end();
    if (kind === SNAPSHOT)
      parts.push({
        kind,
        after: p.varint(),
        first: p.varint(),
        count: p.varint(),
        signature: p.bytes(64),
        manifest: p.rest(),
      });
    if (kind === CHUNK)
      parts.push({ kind, name: p.bytes(8), index: p.varint(), bytes: p.rest() });
    if (kind === SEALED) parts.push({ kind, sealed: p.rest() });
    if (kind === AREAS) parts.push({ kind, content: p.rest() });
    if (kind === END) end = p.rest();
  }
  return end;
}

// The table of areas that were merged, or got another code or name.
function readAreas({ content }, { nonce }, county) {
  const body = content.subarray(0, -64);
  if (!signedBy(county.sign, content.subarray(-64), 'yg areas', nonce, body))
    throw new Refused('the county has not signed this table of areas');
  const r = new Reader(body);
  if (r.byte() !== 1) throw new Refused('unknown version of areas: update this program');
  const acts = listOf(r, () => ({
    act: r.byte(),
    from: r.area().code,
    to: r.area().code,
    time: r.signed(),
    name: r.text(),
  }));
  r.end();
  return acts;
}

// A whole answer, its signature verified. vault opens a SEALED part.
export function readAnswer(bytes, county, vault) {
  const r = new Reader(bytes);
  if (r.byte() !== 1) throw new Refused('unknown version of an answer: update this program');
  if (r.byte() !== ANSWER) throw new Refused('an answer begins with ANSWER');
  const a = new Reader(r.sized());
  const answer = {
    more: !!(a.byte() & 1),
    epoch: a.varint(),
    server_ms: a.signed(),
    nonce: a.bytes(16),
  };
  a.end();
  Object.assign(answer, { receipts: [], heads: [], certificates: [], forms: [], parts: [] });
  if (r.buffer[r.at] === SIGNED) {
    r.byte();
    const content = r.sized();
    const body = content.subarray(0, -64);
    if (!signedBy(county.sign, content.subarray(-64), 'yg receipt', answer.nonce, body))
      throw new Refused('the county has not signed this');
    const s = new Reader(body);
    const flags = s.byte();
    if (flags & 1) answer.receipts = listOf(s, readReceipt);
    if (flags & 2) answer.scope = readScope(s);
    if (flags & 4)
      answer.heads = listOf(s, () => ({
        area: s.area(),
        position: s.varint(),
        chain: s.bytes(32),
      }));
    if (flags & 8)
      answer.certificates = listOf(s, () => ({ key: s.bytes(32), role: s.byte(), name: s.text() }));
    if (flags & 16) answer.forms = listOf(s, () => s.bytes(32).toString('hex'));
    if (flags & 32) answer.marks = listOf(s, () => ({ area: s.area(), position: s.varint() }));
    if (flags & 64) answer.lacking = listOf(s, () => s.bytes(8).toString('hex'));
    s.end();
  }
  answer.end = readParts(r, answer.parts);
  const areas = answer.parts.find((p) => p.kind === AREAS);
  if (areas) answer.areas = readAreas(areas, answer, county);
  for (const p of answer.parts)
    if (p.kind === SNAPSHOT && !signedBy(county.sign, p.signature, 'yg snapshot', p.manifest))
      throw new Refused('the county has not signed this snapshot');
  const sealed = answer.parts.findIndex((p) => p.kind === SEALED);
  if (sealed >= 0) {
    const inside = [];
    readParts(
      new Reader(unseal(vault, Buffer.from('yg down'), answer.parts[sealed].sealed)),
      inside,
    );
    answer.parts.splice(sealed, 1, ...inside);
  }
  return answer;
}

// --- 10. Feeds ---

export const FRAME = 1,
  ENTER = 2,
  LEAVE = 3,
  REDACT = 4,
  OWN = 5,
  ERASED_ENTER = 6;

// leafOfOwn(actor, number) gives the leaf of an own change, for entries of kind OWN.
export function readEntry({ body }, leafOfOwn) {
  const r = new Reader(body);
  const bits = r.byte();
  const entry = { kind: bits & 15, received: r.signed(), offset: r.signed() };
  if (bits & 128) entry.forks = readLineage(r);
  const mask = bits & 64 ? r.sized() : null;
  const admitted = (i) => !mask || ((mask[i >> 3] ?? 0) & (1 << (i & 7))) !== 0;
  if (entry.kind === FRAME) {
    const { actor, changes } = decodeFrame(r.rest());
    changes.forEach((change, i) => (change.admitted = admitted(i)));
    return { ...entry, actor, changes };
  }
  if (entry.kind === OWN) {
    entry.actor = r.id();
    entry.changes = [];
    for (let number = 0; r.more;) {
      number += r.varint();
      for (let length = r.varint(); length > 0; length--, number++)
        entry.changes.push({
          number,
          leaf: leafOfOwn(entry.actor, number),
          admitted: admitted(entry.changes.length),
        });
    }
    return entry;
  }
  entry.content = r.rest();
  const c = new Reader(entry.content);
  const entered = entry.kind === ENTER || entry.kind === ERASED_ENTER;
  if (entry.kind === ENTER) c.bytes(16);
  if (entry.kind === ERASED_ENTER) entry.was = c.bytes(32);
  if (entered || entry.kind === LEAVE || entry.kind === REDACT)
    entry.record = { actor: c.id(), number: c.varint() };
  if (entered) entry.packed = c.buffer.subarray(c.at);
  if (entered) entry.state = readState(c);
  if (entry.kind === REDACT) entry.erasure = takeErasure(c);
  return entry;
}

export function entryDigest(entry) {
  const w = new Writer().varint({ [OWN]: FRAME, [ERASED_ENTER]: ENTER }[entry.kind] ?? entry.kind);
  w.signed(entry.received).signed(entry.offset);
  if (entry.forks) addLineage(w, entry.forks);
  else w.varint(0);
  if (entry.was) return hash('yg entry', w.bytes(entry.was).done());
  if (!entry.changes) return hash('yg entry', w.bytes(hash('yg content', entry.content)).done());
  w.id(entry.actor);
  entry.changes.filter((c) => c.admitted).forEach((c) => w.varint(c.number).bytes(c.leaf));
  return hash('yg entry', w.done());
}

export const feedNext = (chain, digest) => hash('yg feed', chain, digest);

// --- 11. Enrolment and TLS keys ---

const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function readCode(code) {
  const digits = code
    .toUpperCase()
    .replace(/[-\s]/g, '')
    .replace(/[IL]/g, '1')
    .replaceAll('O', '0');
  let bits = 0n;
  for (const digit of digits) {
    if (!letters.includes(digit)) throw new Refused('no such digit in a code');
    bits = bits * 32n + BigInt(letters.indexOf(digit));
  }
  if (digits.length !== 26 || bits & 3n) throw new Refused('a code has 26 digits');
  return Buffer.from((bits >> 2n).toString(16).padStart(32, '0'), 'hex');
}

export function enrolRequest(code, { device, vault, person, name, nonce, wall }) {
  const w = new Writer().byte(1).bytes(hash('yg code id', code).subarray(0, 16));
  w.bytes(device).bytes(vault).bytes(person).text(name).bytes(nonce).signed(wall);
  return w.bytes(mac(hash('yg code key', code), 'yg enrol', w.done())).done();
}

export function readEnrolled(bytes, code, request) {
  const key = hash('yg code key', code);
  const wanted = mac(key, 'yg enrolled', request.subarray(0, -32), bytes.subarray(0, -32));
  if (!crypto.timingSafeEqual(wanted, bytes.subarray(-32)))
    throw new Refused('this is not our county');
  const r = new Reader(bytes.subarray(0, -32));
  if (r.byte() !== 1) throw new Refused('unknown version: update this program');
  const answer = {
    county: { sign: r.bytes(32), box: r.bytes(32) },
    epoch: r.varint(),
    server_ms: r.signed(),
    device: r.id(),
    name: r.text(),
    person: r.text(),
    role: r.byte(),
    scope: readScope(r),
    pins: listOf(r, () => r.bytes(32).toString('hex')),
    nonce: r.bytes(16),
  };
  r.end();
  return answer;
}

export function readKeys(bytes, county) {
  const r = new Reader(bytes);
  const list = {
    version: r.byte(),
    serial: r.varint(),
    pins: listOf(r, () => r.bytes(32).toString('hex')),
  };
  if (!signedBy(county, r.rest(), 'yg keys', bytes.subarray(0, -64)))
    throw new Refused('the county has not signed this list of keys');
  return list;
}
