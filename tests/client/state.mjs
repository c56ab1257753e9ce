// state.mjs: what a record is after some changes, in any order: "State" of section 13 of
// docs/protocol.md, and joining from section 16. How it is read: reading.mjs.
import { AREA, ERASED, byDot, byInstance, dotText, instanceText, isErased, root } from './wire.mjs';
import { packState } from './packed.mjs';

const nameOf = (x) => `${instanceText(x.instance)}|${x.field}|${dotText(x)}.${x.ordinal}`;

export class State {
  infos = new Map(); // absorbed changes: {kind, form, person, time, provisional, lamport, under}
  versions = new Map(); // {instance, field, actor, number, ordinal, rank, type, value, by}
  awaited = new Map(); // {instance, field, actor, number, ordinal, keep, by}
  erasures = []; // section 18
  feeds = new Set(); // in which it stands
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
    copy.feeds = new Set(this.feeds);
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
    if (known && !provisional) Object.assign(known, { time, provisional }); // the county said it last
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
      if (!known || !info.provisional) this.infos.set(dot, info);
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

  live(instance, field) {
    const prefix = `${instanceText(instance)}|${field}|`;
    return [...this.versions]
      .filter(([name, v]) => name.startsWith(prefix) && !v.by.length)
      .map(([, v]) => v);
  }
  // Where the record is: of several areas one.
  area() {
    return Number(this.live(root, AREA)[0]?.value ?? 0);
  }
  packed() {
    const order = (a, b) =>
      byInstance(a.instance, b.instance) || a.field - b.field || byInstance(a, b);
    return packState({
      record: this.record,
      infos: [...this.infos.values()].sort(byDot),
      versions: [...this.versions.values()].sort(order),
      awaited: [...this.awaited.values()].sort(order),
      erasures: this.erasures,
    });
  }
}
