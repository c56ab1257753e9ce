// change.mjs: values, changes with their canonical bytes, leaves and chains: sections 4 to 6 of
// docs/protocol.md, from that text alone.
import { Writer, byDot, byInstance, hash, joined, must, root, safe } from './words.mjs';

// --- 4. Values ---

export const NULL = 0,
  INTEGER = 1,
  DECIMAL = 2,
  DATE = 3,
  TEXT = 4,
  BYTES = 5,
  ERASED = 6;

export function putValue(w, { type, value }) {
  w.byte(type);
  if (type === INTEGER || type === DATE) w.signed(value);
  else if (type === DECIMAL) w.byte(value.scale).signed(value.mantissa);
  else if (type === TEXT) w.text(value);
  else if (type === BYTES) w.sized(value);
}

export function takeValue(r) {
  const type = r.byte();
  must(type <= ERASED, 'no such type of value');
  const take = {
    [NULL]: () => null,
    [INTEGER]: () => r.bigSigned(),
    [DATE]: () => r.signed(),
    [DECIMAL]: () => ({ scale: r.byte(), mantissa: r.bigSigned() }),
    [TEXT]: () => r.text(),
    [BYTES]: () => Buffer.from(r.sized()),
    [ERASED]: () => null,
  };
  return { type, value: take[type]() };
}

export const valueBytes = (value) => {
  const w = new Writer();
  putValue(w, value);
  return w.done();
};

// --- 5. Changes. {kind, actor, number, record, form, person, wall, lamport, reason, evidence,
// under, entries: [{instance, field, keep, rank, replaces, type, value}], signature} ---

export const AREA = 1,
  EXISTS = 2,
  SAME = 3,
  ACCEPT = 4;
export const CREATE = 1,
  EDIT = 2,
  REMOVE = 3,
  RESOLVE = 4,
  SEAL = 5,
  AMEND = 6,
  MOVE = 7;

// Whether an entry goes on in the run of the one before. What came in a frame stands as it was given
// (asGiven), and its entries know their row: it need not be sane.
const goesOn = (before, entry) =>
  !byInstance(before.instance, entry.instance) &&
  (before.field < entry.field || (before.field === entry.field && before.row === entry.row));

export const sortEntries = (entries) =>
  [...entries].sort((a, b) => byInstance(a.instance, b.instance) || a.field - b.field);

export function canonical(change, withSignature = true) {
  const w = new Writer();
  let spelled = '';
  const dot = ({ actor, number }) => {
    const tag = actor === change.actor ? 0n : actor === spelled ? 1n : 2n;
    w.varint(BigInt(number) * 4n + tag);
    if (tag === 2n) w.id((spelled = actor));
  };
  w.byte(1).byte(change.kind).id(change.actor).varint(change.number);
  dot(change.record);
  w.id(change.form)
    .id(change.person)
    .signed(change.wall)
    .varint(change.lamport)
    .text(change.reason);
  w.varint(change.evidence.length).bytes(joined(...change.evidence));
  w.varint(change.under.length).bytes(joined(...change.under));
  const entries = change.asGiven ? change.entries : sortEntries(change.entries);
  w.varint(entries.length);
  let field = 0;
  for (const [i, entry] of entries.entries()) {
    if (!i || !goesOn(entries[i - 1], entry)) {
      let end = i + 1;
      while (end < entries.length && goesOn(entries[end - 1], entries[end])) end++;
      field = 0;
      w.varint(entry.instance.ordinal);
      if (entry.instance.ordinal) dot(entry.instance);
      w.varint(end - i);
    }
    const bits = (entry.keep ? 1 : 0) + (entry.rank ? 2 : 0) + (entry.replaces.length ? 4 : 0);
    w.varint((entry.field - field) * 8 + bits);
    field = entry.field;
    if (entry.rank) w.byte(entry.rank);
    if (entry.replaces.length) w.varint(entry.replaces.length);
    for (const version of change.asGiven ? entry.replaces : [...entry.replaces].sort(byInstance)) {
      dot(version);
      w.varint(version.ordinal);
    }
    putValue(w, entry);
  }
  if (change.erased) return w.byte(2).done();
  const signed = withSignature && change.signature;
  w.byte(signed ? 1 : 0);
  return signed ? w.bytes(change.signature).done() : w.done();
}

export function putDots(w, dots) {
  let actor = root.actor;
  w.varint(dots.length);
  for (const dot of [...dots].sort(byDot)) {
    w.varint(BigInt(dot.number) * 2n + (dot.actor === actor ? 0n : 1n));
    if (dot.actor !== actor) w.id((actor = dot.actor));
  }
}

export function takeDots(r) {
  let actor = root.actor;
  return Array.from({ length: r.varint() }, () => {
    const v = r.big();
    if (v & 1n) actor = r.id();
    return { actor, number: safe(v >> 1n) };
  });
}

export function putInstance(w, instance) {
  w.varint(instance.ordinal);
  if (instance.ordinal) w.id(instance.actor).varint(instance.number);
}

export function takeInstance(r) {
  const ordinal = r.varint();
  return ordinal ? { actor: r.id(), number: r.varint(), ordinal } : root;
}

// --- 18. Erasure: {at, who, reason, cells: [{field, instance}], dots}; without instance: every ---

export function takeErasure(r) {
  must(r.byte() === 1, 'unknown erasure: update this program');
  const erasure = { at: r.signed(), who: r.text(), reason: r.text() };
  erasure.cells = Array.from({ length: r.varint() }, () => {
    const everywhere = r.byte() === 1;
    const field = r.varint();
    return everywhere ? { field } : { field, instance: takeInstance(r) };
  });
  erasure.dots = takeDots(r);
  return erasure;
}

export function erasureBytes({ at, who, reason, cells, dots }) {
  const w = new Writer().byte(1).signed(at).text(who).text(reason).varint(cells.length);
  for (const { field, instance } of cells) {
    w.byte(instance ? 0 : 1).varint(field);
    if (instance) putInstance(w, instance);
  }
  putDots(w, dots);
  return w.done();
}

export const isErased = ({ cells, dots }, dot, { instance, field }) =>
  field >= 32 &&
  dots.some((other) => !byDot(other, dot)) &&
  (!cells.length ||
    cells.some((c) => c.field === field && (!c.instance || !byInstance(c.instance, instance))));

// What is left of a change; the leaf stays beside it.
export function erase(change, erasure, name = change) {
  if (!erasure.dots.some((dot) => !byDot(dot, name))) return change;
  const { signature: _, ...rest } = change;
  const gone = (e) => (isErased(erasure, name, e) ? { ...e, type: ERASED, value: null } : e);
  return { ...rest, reason: '', evidence: [], erased: true, entries: change.entries.map(gone) };
}

// --- 6. Salts, leaves, chains ---

const eight = (n) => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(BigInt(n));
  return b;
};
export const runOf = (number) => Math.floor(number / 64);
export const saltOf = (secret, number) => hash('yg salt', secret, eight(number)).subarray(0, 16);
export const leafOf = (salt, bytes) => hash('yg leaf', salt, bytes);
export const chainStart = (actor) => hash('yg actor', Buffer.from(actor, 'hex'));
export const chainNext = (chain, leaf) => hash('yg chain', chain, leaf);
