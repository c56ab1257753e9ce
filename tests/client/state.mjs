// state.mjs: what a record is after some changes, in any order, and how it is read: "State" and
// "Reading" of section 13 of docs/protocol.md, and joining from section 16.
import {
  AREA,
  BYTES,
  DECIMAL,
  ERASED,
  EXISTS,
  NULL,
  Reader,
  byDot,
  byInstance,
  dotText,
  instanceText,
  isErased,
  root,
  takeDots,
  takeInstance,
  valueBytes,
} from './wire.mjs';

// Values that are equal have equal texts: 1.50 is 1.5.
function plainValue({ type, value }) {
  let { scale, mantissa } = type === DECIMAL ? value : { scale: 0, mantissa: 0n };
  if (type !== DECIMAL) return valueBytes({ type, value }).toString('hex');
  for (mantissa = BigInt(mantissa); scale > 0 && mantissa % 10n === 0n; scale--) mantissa /= 10n;
  return `decimal ${mantissa} ${scale}`;
}

const nameOf = (x) => `${instanceText(x.instance)}|${x.field}|${dotText(x)}.${x.ordinal}`;

export class State {
  infos = new Map(); // absorbed changes: {kind, form, person, time, provisional, lamport, under}
  versions = new Map(); // {instance, field, actor, number, ordinal, rank, type, value, by}
  awaited = new Map(); // {instance, field, actor, number, ordinal, keep, by}
  erasures = []; // section 18
  constructor(record) {
    this.record = record;
  }
  static unpacked({ record, infos, versions, awaited, erasures }) {
    const state = new State(record);
    state.erasures = erasures;
    infos.forEach((info) => state.infos.set(dotText(info), info));
    versions.forEach((version) => state.versions.set(nameOf(version), version));
    awaited.forEach((name) => state.awaited.set(nameOf(name), name));
    return state;
  }
  clone() {
    const copies = (map) =>
      new Map([...map].map(([key, x]) => [key, { ...x, by: x.by && [...x.by] }]));
    const copy = new State(this.record);
    copy.infos = copies(this.infos);
    copy.versions = copies(this.versions);
    copy.awaited = copies(this.awaited);
    copy.erasures = this.erasures;
    return copy;
  }

  // What an erasure names is erased, now and whenever it comes.
  erase(...erasures) {
    const known = new Set(this.erasures.map((e) => JSON.stringify(e)));
    this.erasures = [...this.erasures, ...erasures.filter((e) => !known.has(JSON.stringify(e)))];
    for (const version of this.versions.values())
      if (this.erasures.some((e) => isErased(e, version, version)))
        Object.assign(version, { type: ERASED, value: null });
  }

  apply(change, time, provisional = false) {
    const dot = dotText(change);
    const known = this.infos.get(dot);
    if (known && known.provisional && !provisional) Object.assign(known, { time, provisional });
    if (known) return this.eraseAgain(change);
    const { actor, number, kind, form, person, lamport, under } = change;
    this.infos.set(dot, { actor, number, kind, form, person, time, provisional, lamport, under });
    const ordinals = new Map();
    for (const { instance, field, keep, rank, replaces, type, value } of change.entries) {
      const place = `${instanceText(instance)}|${field}`;
      const ordinal = ordinals.get(place) ?? 0;
      ordinals.set(place, ordinal + 1);
      const by = { actor, number };
      for (const replaced of replaces) {
        const old = {
          instance,
          field,
          actor: replaced.actor,
          number: replaced.number,
          ordinal: replaced.ordinal,
        };
        this.replace(old, keep, by);
      }
      const version = { instance, field, actor, number, ordinal, rank, type, value, by: [] };
      const waits = this.awaited.get(nameOf(version));
      this.awaited.delete(nameOf(version));
      if (waits?.keep) version.by = waits.by;
      if (!waits || waits.keep) this.versions.set(nameOf(version), version);
    }
    this.erase();
  }
  // A known change comes again, with less than it had.
  eraseAgain({ actor, number, entries }) {
    for (const v of this.versions.values()) {
      const same = entries.filter((e) => e.field === v.field && !byInstance(e.instance, v.instance));
      if (!byDot(v, { actor, number }) && same[v.ordinal]?.type === ERASED)
        Object.assign(v, { type: ERASED, value: null });
    }
  }
  replace(old, keep, by) {
    const name = nameOf(old);
    const version = this.versions.get(name);
    if (this.infos.has(dotText(old))) {
      if (version && keep) version.by.push(by);
      if (!keep) this.versions.delete(name);
      return;
    }
    const waits = this.awaited.get(name);
    if (!waits) this.awaited.set(name, { ...old, keep, by: keep ? [by] : [] });
    else if (!keep) Object.assign(waits, { keep, by: [] });
    else if (waits.keep) waits.by.push(by);
  }

  join(other) {
    const united = (a, b) => [...a, ...b.filter((dot) => !a.some((same) => !byDot(same, dot)))];
    const theirs = other.clone();
    for (const [name, version] of this.versions) {
      const twin = theirs.versions.get(name);
      const waits = theirs.awaited.get(name);
      if (twin?.type === ERASED) Object.assign(version, { type: ERASED, value: null });
      if (twin || waits?.keep) version.by = united(version.by, (twin ?? waits).by);
      else if (waits || theirs.infos.has(dotText(version))) this.versions.delete(name);
    }
    for (const [name, version] of theirs.versions) {
      const waits = this.awaited.get(name);
      if (this.versions.has(name) || this.infos.has(dotText(version)) || (waits && !waits.keep))
        continue;
      if (waits) version.by = united(version.by, waits.by);
      this.versions.set(name, version);
    }
    for (const [dot, info] of theirs.infos) {
      const known = this.infos.get(dot);
      if (!known || (known.provisional && !info.provisional)) this.infos.set(dot, info);
    }
    for (const [name, waits] of theirs.awaited) {
      const mine = this.awaited.get(name);
      if (!mine) this.awaited.set(name, waits);
      else
        Object.assign(mine, {
          keep: mine.keep && waits.keep,
          by: mine.keep && waits.keep ? united(mine.by, waits.by) : [],
        });
    }
    for (const [name, waits] of this.awaited)
      if (this.infos.has(dotText(waits))) this.awaited.delete(name);
    this.erase(...theirs.erasures);
  }

  // --- Reading ---

  live(instance, field) {
    const prefix = `${instanceText(instance)}|${field}|`;
    return [...this.versions]
      .filter(([name, v]) => name.startsWith(prefix) && !v.by.length)
      .map(([, v]) => v);
  }
  time(version) {
    return this.infos.get(dotText(version)).time;
  }
  // The newest erasure that names a version; undefined if nobody has told yet.
  why(version) {
    const naming = this.erasures.filter((e) => isErased(e, version, version));
    return naming.sort((a, b) => b.at - a.at)[0];
  }
  // {value: version}, {values: versions} of a set, {conflict: versions}, {erased: why}, or {}
  // without an answer
  read(instance, field, policy) {
    const all = this.live(instance, field).sort(byDot);
    const live = all.filter((v) => v.type !== ERASED);
    if (live.length === 0 && all.length > 0) return { erased: this.why(all[0]) };
    if (policy === 'union') return { values: live.filter((v) => v.type !== NULL) };
    if (live.length === 0) return {};
    const equal = (some) => some.every((v) => plainValue(v) === plainValue(some[0]));
    if (equal(live)) return { value: live[0] };
    const best = (key) => live.reduce((a, b) => (key(b) >= key(a) ? b : a));
    const size = (sign) => (v) => {
      if (v.type === NULL) return -Infinity;
      return (
        sign *
        (v.type === DECIMAL ? Number(v.value.mantissa) / 10 ** v.value.scale : Number(v.value))
      );
    };
    if (policy === 'latest') return { value: best((v) => this.time(v)) };
    if (policy === 'max' || policy === 'or') return { value: best(size(1)) };
    if (policy === 'min') return { value: best(size(-1)) };
    if (policy === 'authority' || policy === 'server') {
      const top = live.filter((v) => v.rank === best((w) => w.rank).rank);
      if (equal(top)) return { value: top[0] };
    }
    return { conflict: live };
  }
  // Fields that are one answer: a side is what one change wrote in them. {}, {side} or {conflict}:
  // sides {dot, values: [version or undefined, in the order of fields]}
  readGroup(instance, fields) {
    const sides = new Map();
    fields.forEach((field, i) => {
      for (const v of this.live(instance, field)) {
        if (!sides.has(dotText(v)))
          sides.set(dotText(v), { dot: dotText(v), values: fields.map(() => undefined) });
        sides.get(dotText(v)).values[i] = v;
      }
    });
    let all = [...sides.values()];
    const whole = all.filter(({ values }) => !values.some((v) => v?.type === ERASED));
    const partly = all.filter(({ values }) => values.some((v) => v && v.type !== ERASED));
    all = [whole, partly, all.slice(0, 1)].find((sides) => sides.length) ?? [];
    const same = new Set(
      all.map(({ values }) => values.map((v) => (v ? plainValue(v) : '')).join('|')),
    );
    return same.size > 1 ? { conflict: all } : { side: all[0] };
  }
  area() {
    const { value, conflict } = this.read(root, AREA, 'human');
    return Number((value ?? conflict?.[0])?.value ?? 0);
  }
  // Instances of repeats that nobody has removed, nor what they are in: their place is live.
  instances() {
    const found = this.placed();
    const there = (i) =>
      !i.ordinal || (found.has(instanceText(i)) && there(found.get(instanceText(i)).parent));
    return [...found.values()].filter(({ parent }) => there(parent));
  }
  placed() {
    const found = new Map();
    for (const v of this.versions.values()) {
      if (v.field !== EXISTS || v.by.length || !v.instance.ordinal) continue;
      if (v.type === BYTES && v.value[0] === 2) continue;
      const r = v.type === BYTES ? new Reader(v.value.subarray(1)) : null;
      const place = r
        ? { repeat: r.varint(), parent: takeInstance(r) }
        : { repeat: Number(v.value), parent: root };
      found.set(instanceText(v.instance), { ...place, instance: v.instance });
    }
    return found;
  }
  // Covers that do not cover all that is live inside: somebody edited what another removed.
  contested() {
    return [...this.versions.values()].filter((v) => {
      if (v.field !== EXISTS || v.by.length || v.type !== BYTES || v.value[0] !== 2) return false;
      const r = new Reader(v.value.subarray(1));
      r.varint();
      takeInstance(r);
      const covered = new Set(takeDots(r).map(dotText));
      return this.inside(v.instance).some(
        (dot) => dotText(dot) !== dotText(v) && !covered.has(dotText(dot)),
      );
    });
  }
  // Dots of the changes with a live version in an instance or in the instances within.
  inside(instance) {
    const within = [instance];
    for (let i = 0; i < within.length; i++)
      for (const { parent, instance: child } of this.placed().values())
        if (parent.ordinal && !byInstance(parent, within[i])) within.push(child);
    const dots = new Map();
    for (const v of this.versions.values())
      if (
        !v.by.length &&
        within.some((i) => !i.ordinal || instanceText(i) === instanceText(v.instance))
      )
        dots.set(dotText(v), { actor: v.actor, number: v.number });
    return [...dots.values()];
  }
}
