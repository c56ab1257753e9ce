// life.mjs: one actor of a tablet: what it has written, what the county has said of that, and under which
// names its numbers are known: sections 3, 6, 8 and 13 of docs/protocol.md, from that text alone.
import crypto from 'node:crypto';
import { SAME, TEXT, actorName, canonical, chainNext, chainStart, forkName, leafOf, runOf, saltOf } from './wire.mjs';

// An answer that is a name (section 4): its actor, its number, and what stands behind that.
const named = /^([0-9a-f]{16})-([1-9][0-9]{0,15})(\.[1-9][0-9]{0,9})?$/;

// Reads what the lineage knows better, wherever it is named.
export function renamed(change, lineage) {
  const rename = (dot) => {
    const row = lineage.findLast((r) => r.actor === dot.actor && r.from <= dot.number);
    return row ? { ...dot, actor: row.name } : dot;
  };
  const answer = (text) => {
    const [, actor, digits, behind = ''] = named.exec(text) ?? [];
    const number = Number(digits);
    if (!actor || /^0+$/.test(actor) || !Number.isSafeInteger(number) || Number(behind.slice(1)) > 0xffffffff)
      return text;
    return `${rename({ actor, number }).actor}-${digits}${behind}`;
  };
  const entries = change.entries.map((e) => ({
    ...e,
    ...(e.type === TEXT && e.field >= 32 && { value: answer(e.value) }),
    ...(e.type === TEXT && e.field === SAME && { value: e.value[0] + answer(e.value.slice(1)) }),
    instance: rename(e.instance),
    replaces: e.replaces.map(rename),
  }));
  return { ...rename(change), record: rename(change.record), entries };
}

export class Life {
  log = []; // {change, as it was given; area, leaf, pulled}
  secrets = new Map();
  batches = []; // cut, and not receipted yet: {first, last, bytes}
  acked = 0; // receipted in this epoch
  most = 0; // receipted in any
  lineage = [];
  ending = false; // another one begins when everything is receipted
  // epoch: the one that the tablet knows, 0 if none
  constructor(device, epoch) {
    this.nonce = crypto.randomBytes(16);
    this.actor = actorName(device, this.nonce);
    this.epoch = epoch;
    this.chain = [chainStart(this.actor)];
  }
  copy() {
    const copy = Object.assign(Object.create(Life.prototype), this);
    copy.log = this.log.map((own) => ({ ...own }));
    copy.chain = [...this.chain];
    copy.batches = [...this.batches];
    return copy;
  }
  secret(kind, number) {
    const key = `${kind} ${runOf(number)}`;
    if (!this.secrets.has(key)) this.secrets.set(key, crypto.randomBytes(16));
    return this.secrets.get(key);
  }
  write(change, area, kind) {
    const salt = saltOf(this.secret(kind, change.number), change.number);
    const leaf = leafOf(salt, canonical(change));
    this.log.push({ change, area, leaf });
    this.chain.push(chainNext(this.chain.at(-1), leaf));
  }
  get isDone() {
    return this.acked === this.log.length;
  }
  // An own change by the names under which it is known.
  known({ change }) {
    return this.lineage.length ? renamed(change, this.lineage) : change;
  }

  // Whether a receipt speaks of this history.
  fits({ number, hash }) {
    return number <= this.log.length && this.chain[number].equals(hash);
  }
  // Takes one that fits. Gives whether a copy of this database is at work; epochs: those that were met.
  take({ number, want, forks = [] }, epochs) {
    const goesBack = want && want <= this.acked;
    this.acked = goesBack ? number : Math.max(this.acked, number);
    this.most = Math.max(this.most, number);
    const known = new Set([this.actor, ...this.lineage.map(({ name }) => name)]);
    const later = this.lineage.filter(({ from }) => from > number);
    this.lineage = [...forks, ...later.filter((row) => !forks.some((f) => f.from === row.from))];
    this.batches = this.batches.filter(({ last }) => last > this.acked);
    if (want) this.batches = [];
    if (forks.length) this.ending = true;
    return forks.some((row, i) => {
      const isNew = !known.has(row.name);
      known.add(row.name); // a row may lead back, behind a stray
      return isNew && !this.isOfEpoch(forks, i, epochs);
    });
  }
  // Whether a number got this name because a county that was restored did not know it any more.
  isOfEpoch(rows, i, epochs) {
    const { from, name } = rows[i];
    const history = i ? rows[i - 1].name : this.actor;
    const { leaf } = this.log[from - 1];
    return epochs.some((epoch) => forkName(history, from, leaf, epoch) === name);
  }
  // The county was restored: it says anew what it has.
  forgetReceipts() {
    this.acked = 0;
    this.batches = [];
    this.ending ||= this.log.length > 0;
    for (const own of this.log) own.pulled = false;
  }
  // What it was told of numbers that the county does not have; undefined if it has them all.
  get told() {
    if (this.most <= this.acked) return undefined;
    const ends = [...this.batches.map(({ last }) => last).filter((n) => n < this.most), this.most];
    return {
      actor: this.actor,
      number: this.most,
      lineage: this.lineage.filter(({ from }) => from <= this.most),
      marks: ends.map((number) => ({ number, chain: this.chain[number] })),
    };
  }
}
