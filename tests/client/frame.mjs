// frame.mjs: frames by columns and batches: sections 7 and 8 of docs/protocol.md, from that text
// alone. Writes only the simplest encodings, reads all of them.
import zlib from 'node:zlib';
import {
  BYTES,
  CREATE,
  DATE,
  DECIMAL,
  ERASED,
  INTEGER,
  NULL,
  TEXT,
  canonical,
  leafOf,
  putInstance,
  runOf,
  saltOf,
  sortEntries,
} from './change.mjs';
import {
  Reader,
  Refused,
  Writer,
  byDot,
  byInstance,
  countyTag,
  joined,
  must,
  root,
  safe,
  seal,
  sign,
  utf8,
  hash,
} from './words.mjs';

// --- 7. Frames: writing. One lane, plain and varints everywhere, presence counted ---

const PLACE = 7;

// changes: of one actor and form, in order of number; secretOf(run) gives their 16 bytes.
export function encodeFrame(changes, area, secretOf) {
  const body = new Writer();
  const raw = new Writer();
  const [{ actor, form, number: first }] = changes;
  const count = changes.length;
  const gaps = changes[count - 1].number - first - (count - 1);
  const plane = (list) => {
    if (list.length > 1) body.byte(0);
    list.forEach((n) => body.signed(BigInt.asIntN(64, BigInt(n))));
  };
  const texts = (list) => {
    if (list.length === 1) return body.sized(list[0]);
    if (list.length > 1) body.byte(0);
    plane(list.map((text) => text.length));
    return body.bytes(joined(...list));
  };
  const list = (indexes) => {
    body.varint(indexes.length);
    plane(indexes.map((index, i) => (i ? index - indexes[i - 1] - 1 : index)));
  };
  const actors = new Map([[actor, 0]]);
  const refs = (uses) => {
    // never home
    plane(uses.map(({ dot }) => 1 + actors.get(dot.actor)));
    plane(uses.map(({ dot, from }) => (dot.actor === actor ? from - dot.number : dot.number)));
  };
  const listed = (wanted, put) => {
    const having = changes.flatMap((change, i) => (wanted(change) ? [i] : []));
    if (!having.length) return;
    list(having);
    put(having.map((i) => changes[i]));
  };

  const rows = [[], []]; // by level: 0 the records themselves, 1 all instances
  changes.forEach((change) => {
    rows[0].push({ change, entries: [] });
    for (const entry of change.asGiven ? change.entries : sortEntries(change.entries)) {
      let row = rows[0].at(-1);
      if (entry.instance.ordinal) {
        row = rows[1].at(-1);
        if (
          row?.change !== change ||
          byInstance(row.instance, entry.instance) ||
          (change.asGiven && row.entries[0].row !== entry.row)
        )
          rows[1].push((row = { change, instance: entry.instance, entries: [] }));
      }
      row.entries.push(entry);
    }
  });
  const versions = changes.flatMap((change) => change.entries.flatMap((entry) => entry.replaces));
  for (const dot of [
    ...changes.map((c) => c.record),
    ...rows[1].map((r) => r.instance),
    ...versions,
  ])
    if (!actors.has(dot.actor)) actors.set(dot.actor, actors.size);

  const some = (key) => changes.some((change) => change[key]?.length);
  body.byte(
    (some('reason') ? 1 : 0) +
      (some('evidence') ? 2 : 0) +
      (some('under') ? 4 : 0) +
      (some('signature') ? 8 : 0) +
      (rows[1].length ? 16 : 0) +
      (actors.size > 1 ? 64 : 0) +
      128,
  );
  if (actors.size > 1) body.varint(actors.size - 1);
  [...actors.keys()].slice(1).forEach((other) => raw.id(other));
  if (gaps) plane(changes.slice(1).map((change, i) => change.number - changes[i].number - 1));
  const erased = changes.some((change) => change.erased);
  listed(
    (c) => c.erased,
    (having) => having.forEach((c) => raw.bytes(c.leaf)),
  );
  if (erased)
    for (const { number } of changes.filter((c) => !c.erased))
      raw.bytes(saltOf(secretOf(runOf(number)), number));
  else new Set(changes.map((c) => runOf(c.number))).forEach((run) => raw.bytes(secretOf(run)));
  plane(changes.map((change) => change.kind));
  refs(changes.filter((c) => c.kind !== CREATE).map((c) => ({ dot: c.record, from: c.number })));
  const persons = [...new Set(changes.map((change) => change.person))].filter(
    (p) => p !== root.actor,
  );
  body.varint(persons.length);
  persons.forEach((person) => raw.id(person));
  if (persons.length) plane(changes.map((change) => 1 + persons.indexOf(change.person)));
  plane(changes.map((change) => change.wall));
  plane(changes.map((change) => change.lamport - change.number));
  listed(
    (c) => c.reason,
    (having) => texts(having.map((c) => Buffer.from(c.reason, 'utf8'))),
  );
  for (const key of ['evidence', 'under'])
    listed(
      (c) => c[key].length,
      (having) => {
        plane(having.map((c) => c[key].length));
        having.forEach((c) => raw.bytes(joined(...c[key])));
      },
    );
  listed(
    (c) => c.signature,
    (having) => having.forEach((c) => raw.bytes(c.signature)),
  );
  if (rows[1].length) {
    plane(changes.map((change) => rows[1].filter((row) => row.change === change).length));
    body.varint(1);
    refs(rows[1].map((row) => ({ dot: row.instance, from: row.change.number })));
    plane(rows[1].map((row) => row.instance.ordinal));
  }
  const replaced = [];
  for (const level of rows[1].length ? rows : [rows[0]]) {
    const fields = [...new Set(level.flatMap((row) => row.entries.map((e) => e.field)))];
    fields.sort((a, b) => a - b);
    body.varint(fields.length);
    fields.forEach((field, i) => {
      const had = level.map((row) => row.entries.filter((e) => e.field === field));
      const entries = had.flat();
      body
        .varint(field - (i ? fields[i - 1] : 0) - 1)
        .byte(6 + 3 * 8 + 64)
        .byte(1 + 2 + 4);
      plane(had.map((list_) => list_.length));
      plane(entries.map((e) => (e.keep ? 1 : 0)));
      plane(entries.map((e) => e.rank ?? 0));
      plane(entries.map((e) => e.replaces.length));
      plane(entries.map((e) => e.type));
      for (let type = NULL; type <= BYTES; type++) {
        const values = entries.filter((e) => e.type === type).map((e) => e.value);
        if (type === INTEGER || type === DATE) plane(values);
        if (type === DECIMAL) plane(values.map((v) => v.scale));
        if (type === DECIMAL) plane(values.map((v) => v.mantissa));
        if (type === TEXT || type === BYTES) texts(values.map((v) => Buffer.from(v)));
      }
      level.forEach((row, at) =>
        had[at].forEach((entry) =>
          (row.change.asGiven ? entry.replaces : [...entry.replaces].sort(byInstance))
            .forEach((dot) => replaced.push({ dot, from: row.change.number })),
        ),
      );
    });
  }
  refs(replaced);
  plane(replaced.map(({ dot }) => dot.ordinal));

  const front = new Writer()
    .byte(1)
    .byte((gaps ? 4 : 0) + (erased ? 2 + 8 : 0))
    .id(actor)
    .id(form)
    .area(area);
  front.varint(first).varint(count);
  if (gaps) front.varint(gaps);
  return front.sized(raw.done()).byte(0).bytes(body.done()).done();
}

// --- 7. Frames: reading ---

const asSigned = (n) => BigInt.asIntN(64, n);
const range = (n) => Array.from({ length: n }, (_, i) => i);

class Planes {
  constructor(body) {
    const r = new Reader(body);
    const sizes = range(r.byte()).map(() => r.varint());
    must(sizes.length <= 14, 'too many lanes');
    const open = r.buffer.length - r.at - sizes.reduce((a, b) => a + b, 0);
    must(open >= 0, 'lanes longer than the body');
    this.lanes = [open, ...sizes].map((size) => new Reader(r.bytes(size)));
    this.main = this.lanes[0];
  }
  lane(byte) {
    must(byte >> 4 < this.lanes.length, 'no such lane');
    return this.lanes[byte >> 4];
  }
  plane(n) {
    if (n === 0) return [];
    if (n === 1) return [this.main.bigSigned()];
    const coding = this.main.byte();
    if (!(coding & 8)) return this.numbers(n, coding);
    let value = this.main.bigSigned();
    return [value, ...this.numbers(n - 1, coding).map((step) => (value = asSigned(value + step)))];
  }
  numbers(m, coding) {
    const { main } = this;
    const lane = this.lane(coding);
    switch (coding & 7) {
      case 0:
        return range(m).map(() => lane.bigSigned());
      case 1:
        return Array(m).fill(main.bigSigned());
      case 2: {
        const base = main.bigSigned();
        const step = main.big();
        const width = main.byte();
        must(width >= 1 && width <= 64, 'no such width');
        const bytes = lane.bytes(Math.ceil((m * width) / 8));
        const bit = (i) => BigInt((bytes[i >> 3] >> (i & 7)) & 1);
        return range(m).map((i) => {
          let x = 0n;
          for (let b = width - 1; b >= 0; b--) x = x * 2n + bit(i * width + b);
          return asSigned(base + step * x);
        });
      }
      case 3:
      case 4: {
        const table = [];
        for (let k = main.byte() + 1; table.length < k;)
          table.push(table.length ? asSigned(table.at(-1) + main.big()) : main.bigSigned());
        let shared = 1;
        if (coding & 4) while (table.length ** (shared + 1) <= 256) shared++;
        const bytes = lane.bytes(Math.ceil(m / shared));
        return range(m).map((i) => {
          const index = Math.floor(bytes[Math.floor(i / shared)] / table.length ** (i % shared));
          const value = table[coding & 4 ? index % table.length : index];
          must(value !== undefined, 'index beyond its table');
          return value;
        });
      }
      case 5: {
        const base = main.bigSigned();
        const step = main.big();
        const lanes = [lane];
        for (let width = main.byte(); lanes.length < width;) lanes.push(this.lane(main.byte()));
        const xs = Array(m).fill(0n);
        lanes.forEach((from, b) =>
          from.bytes(m).forEach((byte, i) => (xs[i] += BigInt(byte) << BigInt(8 * b))),
        );
        return xs.map((x) => asSigned(base + step * x));
      }
      default:
        throw new Refused('no such coding of numbers');
    }
  }
  counts(n) {
    return this.plane(n).map(safe);
  }
  texts(n) {
    if (n === 0) return [];
    if (n === 1) return [this.main.sized()];
    const coding = this.main.byte();
    switch (coding & 15) {
      case 0: {
        const sizes = this.counts(n);
        return sizes.map((size) => this.lane(coding).bytes(size));
      }
      case 1: {
        const table = this.texts(this.main.varint());
        return this.counts(n).map((index) => table[index] ?? must(false, 'index beyond its table'));
      }
      case 2:
        return this.plane(n).map((number) => Buffer.from(String(number)));
      case 3: {
        const size = this.main.varint();
        const turned = this.lane(coding).bytes(size * n);
        return range(n).map((i) => Buffer.from(range(size).map((b) => turned[b * n + i])));
      }
      case 4: {
        const next = () => {
          const character = this.characters?.[this.lane(coding).varint()];
          must(character !== undefined, 'no such character');
          return character;
        };
        return this.counts(n).map((size) => Buffer.from(range(size).map(next).join(''), 'utf8'));
      }
      default:
        throw new Refused('no such coding of texts');
    }
  }
  list(n) {
    let index = -1;
    return this.counts(this.main.varint()).map((step) => {
      must((index += step + 1) < n, 'index beyond its list');
      return index;
    });
  }
  // null for home ones
  refs(n, numberOf) {
    const kinds = this.counts(n);
    const away = range(n).filter((i) => kinds[i] > 0);
    const numbers = new Map(this.counts(away.length).map((number, k) => [away[k], number]));
    return kinds.map((kind, i) => {
      if (kind === 0) return null;
      const number = kind === 1 ? numberOf(i) - numbers.get(i) : numbers.get(i);
      must(this.actors[kind - 1] && number > 0, 'no such dot');
      return { actor: this.actors[kind - 1], number };
    });
  }
  end() {
    this.lanes.forEach((lane) => lane.end());
  }
}

// {actor, form, area, first, last, changes}; an erased change has its leaf and no salt.
export function decodeFrame(bytes) {
  const r = new Reader(bytes);
  must(r.byte() === 1, 'unknown version of a frame: update this program');
  const flags = r.byte();
  must(flags < 16, 'unknown flag of a frame: update this program');
  must((flags & 10) !== 8, 'secrets beside an erased change');
  const frame = { actor: r.id(), form: r.id(), area: r.area(), first: r.varint() };
  const count = r.varint();
  must(count >= 1 && count <= 512, 'number of changes');
  const gaps = flags & 4 ? r.varint() : 0;
  const open = flags & 1 ? r.varint() : 0;
  must(open <= 8 << 20, 'frame too large');
  const raw = new Reader(r.sized());
  const body = flags & 1 ? zlib.inflateSync(r.rest(), { maxOutputLength: open + 1 }) : r.rest();
  must(!(flags & 1) || body.length === open, 'size of the inflated body');
  const p = new Planes(body);
  const { main } = p;
  const features = main.byte();
  p.actors = [frame.actor];
  if (features & 64) p.actors.push(...range(main.varint()).map(() => raw.id()));
  const steps = flags & 4 ? p.counts(count - 1) : Array(count - 1).fill(0);
  const all = [{ number: frame.first }];
  steps.forEach((step) => all.push({ number: all.at(-1).number + step + 1 }));
  frame.last = all.at(-1).number;
  must(frame.last === frame.first + count - 1 + gaps, 'gaps');
  if (flags & 8)
    for (const index of p.list(count))
      Object.assign(all[index], { erased: true, leaf: raw.bytes(32) });
  frame.changes = all;
  decodeChanges(p, raw, frame, all, features, flags);
  p.end();
  raw.end();
  return frame;
}

function decodeChanges(p, raw, { actor, form }, changes, features, flags) {
  const { main } = p;
  const n = changes.length;
  const secrets = new Map();
  for (const change of changes) {
    if (change.erased) continue;
    const run = flags & 2 ? change.number : runOf(change.number);
    if (!secrets.has(run)) secrets.set(run, raw.bytes(16));
    change.salt = flags & 2 ? secrets.get(run) : saltOf(secrets.get(run), change.number);
  }
  const kinds = p.counts(n);
  const later = range(n).filter((i) => kinds[i] !== CREATE);
  const records = p.refs(later.length, (i) => changes[later[i]].number);
  const persons = [root.actor, ...range(main.varint()).map(() => raw.id())];
  const person = persons.length > 1 ? p.counts(n) : Array(n).fill(0);
  const walls = p.counts(n);
  const lamports = p.counts(n);
  changes.forEach((change, i) => {
    let record = { actor, number: change.number };
    if (kinds[i] !== CREATE) record = records.shift() ?? changes[i - 1]?.record;
    must(record && persons[person[i]], 'no such record or person');
    Object.assign(change, {
      kind: kinds[i],
      actor,
      form,
      record,
      person: persons[person[i]],
      wall: walls[i],
      lamport: lamports[i] + change.number,
      reason: '',
      evidence: [],
      under: [],
      entries: [],
    });
  });
  if (features & 1) {
    const which = p.list(n);
    p.texts(which.length).forEach((text, k) => (changes[which[k]].reason = utf8(text)));
  }
  for (const [bit, key, size] of [
    [2, 'evidence', 32],
    [4, 'under', 16],
  ]) {
    if (!(features & bit)) continue;
    const which = p.list(n);
    p.counts(which.length).forEach((many, k) => {
      changes[which[k]][key] = range(many).map(() => raw.bytes(size));
    });
  }
  if (features & 8) p.list(n).forEach((i) => (changes[i].signature = raw.bytes(64)));
  if (features & 32) {
    let at = 0;
    p.characters = range(main.varint()).map((i) => {
      at = i === 0 || i === 128 ? main.varint() : at + main.varint();
      return String.fromCodePoint(at);
    });
  }
  const levels = [changes.map((change) => ({ change, instance: root, at: -1 }))];
  if (features & 16) decodeInstances(p, changes, levels);

  const entries = [];
  for (const rows of levels) {
    let field = 0;
    for (let columns = main.varint(); columns > 0; columns--) {
      field += main.varint() + 1;
      entries.push(...decodeColumn(p, field, rows));
    }
  }
  const uses = entries.flatMap((entry) => Array(entry.count).fill(entry));
  const dots = p.refs(uses.length, (i) => uses[i].change.number);
  const ordinals = features & 128 ? p.counts(uses.length) : Array(uses.length).fill(0);
  uses.forEach(({ entry, change }, i) => {
    const home = entry.instance.ordinal ? entry.instance : change.record;
    const { actor: by, number } = dots[i] ?? home;
    entry.replaces.push({ actor: by, number, ordinal: ordinals[i] });
  });
  entries.forEach(({ entry, change }) => change.entries.push(entry));
  for (const change of changes) {
    change.entries.sort((a, b) => a.row - b.row || a.field - b.field);
    change.asGiven = true;
    if (!change.erased) change.leaf = leafOf(change.salt, canonical(change));
  }
}

function decodeInstances(p, changes, levels) {
  const owners = p.counts(changes.length).flatMap((many, i) => Array(many).fill(changes[i]));
  const depth = p.main.varint();
  must(depth >= 1 && depth <= 64, 'levels');
  const level = depth > 1 ? p.counts(owners.length) : Array(owners.length).fill(1);
  const dots = p.refs(owners.length, (i) => owners[i].number);
  const ordinals = p.counts(dots.filter((dot) => dot).length);
  for (let l = 1; l <= depth; l++) levels.push([]);
  const fresh = new Map(); // ordinals given by each change so far
  owners.forEach((change, i) => {
    const dot = dots[i] ?? { actor: change.actor, number: change.number };
    const ordinal = dots[i] ? ordinals.shift() : 1 + (fresh.get(change) ?? 0);
    if (!byDot(dot, change)) fresh.set(change, ordinal);
    must(levels[level[i]], 'no such level');
    levels[level[i]].push({ change, instance: { ...dot, ordinal }, at: i });
  });
}

function decodeColumn(p, field, rows) {
  const { main } = p;
  const tag = main.byte();
  const attributes = tag & 64 ? main.byte() : 0;
  const presence = [
    () => range(rows.length),
    () => [main.varint()],
    () => p.list(rows.length),
    () => p.counts(rows.length).flatMap((many, i) => Array(many).fill(i)),
  ][(tag >> 3) & 3]();
  const n = presence.length;
  const filled = (value) => Array(n).fill(value);
  const flags = attributes & 1 ? p.counts(n) : filled(tag & 128 ? 1 : 0);
  const ranks = attributes & 2 ? p.counts(n) : filled((attributes >> 4) & 7);
  const counts = attributes & 4 ? p.counts(n) : filled(tag & 32 ? 1 : 0);
  const column = presence.map((index, i) => {
    must(rows[index], 'no such row');
    const { change, instance, at: row } = rows[index];
    const entry = { row, instance, field, keep: flags[i] > 0, rank: ranks[i], replaces: [] };
    return { change, count: counts[i], entry };
  });
  decodeValues(p, tag & 7, column);
  return column;
}

function decodeValues(p, type, column) {
  const n = column.length;
  const give = (kind, values) =>
    values.forEach((value, i) => Object.assign(column[i].entry, { type: kind, value }));
  if (type === NULL) give(NULL, Array(n).fill(null));
  if (type === INTEGER) give(INTEGER, p.plane(n));
  if (type === DATE) give(DATE, p.counts(n));
  if (type === TEXT) give(TEXT, p.texts(n).map(utf8));
  if (type === BYTES) give(BYTES, p.texts(n));
  if (type === DECIMAL) {
    const scales = p.counts(n);
    give(
      DECIMAL,
      p.plane(n).map((mantissa, i) => ({ scale: scales[i], mantissa })),
    );
  }
  if (type === 6) {
    const types = p.counts(n);
    for (const kind of [0, 1, 2, 3, 4, 5, 7])
      decodeValues(
        p,
        kind,
        column.filter((_, i) => types[i] === kind),
      );
    const gone = column.filter((_, i) => types[i] === ERASED);
    gone.forEach(({ entry }) => Object.assign(entry, { type: ERASED, value: null }));
    must(
      types.every((kind) => kind <= PLACE),
      'no such type',
    );
  }
  if (type === PLACE) {
    const repeats = p.counts(n);
    const parents = p.refs(n, (i) => column[i].change.number);
    const ordinals = p.counts(n);
    give(
      BYTES,
      column.map(({ entry, change }, i) => {
        const w = new Writer().byte(1).varint(repeats[i]);
        const ordinal = parents[i] ? ordinals[i] : entry.instance.ordinal - ordinals[i];
        const { actor, number } = parents[i] ?? change;
        putInstance(w, { actor, number, ordinal });
        return w.done();
      }),
    );
  }
}

// --- 8. Batches ---

// What is {county: {sign, box}, device: {seed, id}, actor, nonce, epoch, scope, wall, previous,
// first, last, frames, chain, fresh}: nonce and fresh only for the first batch, chain the one at last.
export function encodeBatch(what, secret) {
  const outer = new Writer().byte(1).bytes(countyTag(what.county.sign)).id(what.actor);
  outer.varint(what.first).varint(what.last - what.first);
  const inner = new Writer()
    .byte((what.nonce ? 1 : 0) + (what.fresh ? 2 : 0))
    .id(what.device.id)
    .bytes(what.nonce || []);
  inner.varint(what.epoch).varint(what.scope).bytes(what.previous).signed(what.wall);
  const frames = new Writer().varint(what.frames.length);
  what.frames.forEach((frame) => frames.sized(frame));
  const proof = [outer.done(), inner.done(), hash('yg frames', frames.done()), what.chain];
  inner.bytes(frames.done()).bytes(sign(what.device.seed, 'yg batch', ...proof));
  return joined(outer.done(), seal(what.county.box, outer.done(), inner.done(), secret));
}
