// packed.mjs: the state of a record, packed: section 16 of docs/protocol.md, from that text alone. A state
// is {record, infos, versions, awaited, erasures}, each list in the order in which it is packed.
import {
  Reader,
  Refused,
  Writer,
  byDot,
  byInstance,
  dotText,
  erasureBytes,
  putValue,
  root,
  takeErasure,
  takeValue,
} from './wire.mjs';

const REMEMBERED = 15; // ids

const listOf = (r, read) => Array.from({ length: r.varint() }, () => read(r));

export function readState(r) {
  const format = r.byte();
  if (format !== 1 && format !== 2)
    throw new Refused('unknown format of a state: update this program');
  const infos = [];
  for (const count = r.varint(); infos.length < count;) {
    const actor = r.id();
    let number = 0;
    for (let left = r.varint(); left > 0; left--)
      infos.push({ actor, number: (number += r.varint()) });
  }
  const spelled = () => {
    const last = [];
    return () => {
      const ago = r.varint();
      const id = ago ? last.slice(-REMEMBERED).at(-ago) : r.id();
      if (!id) throw new Refused('no such id');
      if (!ago) last.push(id);
      return id;
    };
  };
  const [form, person] = [spelled(), spelled()];
  let time = 0;
  for (const info of infos) {
    const bits = r.byte();
    Object.assign(info, {
      kind: bits & 15,
      provisional: !!(bits & 16),
      form: form(),
      person: person(),
    });
    info.time = time += r.signed();
    info.lamport = r.varint();
    info.under = bits & 32 ? listOf(r, () => Buffer.from(r.bytes(16))) : [];
  }
  const dot = () => {
    const index = r.varint();
    return index
      ? { actor: infos[index - 1].actor, number: infos[index - 1].number }
      : { actor: r.id(), number: r.varint() };
  };
  const instance = () => {
    const ordinal = r.varint();
    return ordinal ? { ...dot(), ordinal } : root;
  };
  const replacing = () => {
    let index = 0;
    return listOf(r, () => infos[(index += r.varint())]);
  };
  const record = dot();
  const versions = [];
  for (const count = r.varint(); versions.length < count;) {
    const of = instance();
    let field = 0;
    for (let left = r.varint(); left > 0; left--) {
      const v = r.varint();
      field += v >> 3;
      const { actor, number } = infos[infos.length === 1 ? 0 : r.varint()];
      const rank = v & 1 ? r.byte() : 0;
      const ordinal = v & 2 ? r.varint() : 0;
      const by = v & 4 ? replacing() : [];
      versions.push({ instance: of, field, actor, number, ordinal, rank, by, ...takeValue(r) });
    }
  }
  const awaited = listOf(r, () => {
    const name = {
      instance: instance(),
      field: r.varint(),
      actor: r.id(),
      number: r.varint(),
      ordinal: r.varint(),
    };
    const keep = r.byte() === 1;
    return { ...name, keep, by: keep ? replacing() : [] };
  });
  const erasures = format === 2 ? listOf(r, () => takeErasure(new Reader(r.sized()))) : [];
  r.end();
  return { record, infos, versions, awaited, erasures };
}

// One state has one encoding.
export function packState({ record, infos, versions, awaited, erasures }) {
  const w = new Writer().byte(erasures.length ? 2 : 1).varint(infos.length);
  const places = new Map(infos.map((info, i) => [dotText(info), i]));
  for (let i = 0; i < infos.length;) {
    const { actor } = infos[i];
    const run = infos.slice(i).filter((info) => info.actor === actor);
    w.id(actor).varint(run.length);
    run.forEach(({ number }, k) => w.varint(number - (k ? run[k - 1].number : 0)));
    i += run.length;
  }
  const speller = () => {
    const last = [];
    return (id) => {
      const ago = last.slice(-REMEMBERED).reverse().indexOf(id) + 1;
      w.varint(ago);
      if (!ago) w.id(id);
      if (!ago) last.push(id);
    };
  };
  const [form, person] = [speller(), speller()];
  infos.forEach((info, i) => {
    w.byte(info.kind + (info.provisional ? 16 : 0) + (info.under.length ? 32 : 0));
    form(info.form);
    person(info.person);
    w.signed(info.time - (i ? infos[i - 1].time : 0)).varint(info.lamport);
    if (info.under.length) w.varint(info.under.length);
    info.under.forEach((digest) => w.bytes(digest));
  });
  const dot = (of) => {
    const place = places.get(dotText(of));
    if (place !== undefined) w.varint(place + 1);
    else w.varint(0).id(of.actor).varint(of.number);
  };
  const instance = (of) => {
    w.varint(of.ordinal);
    if (of.ordinal) dot(of);
  };
  const replacing = (dots) => {
    const list = [...dots].sort(byDot).map((of) => places.get(dotText(of)));
    w.varint(list.length);
    list.forEach((place, i) => w.varint(place - (i ? list[i - 1] : 0)));
  };
  dot(record);
  w.varint(versions.length);
  for (let i = 0; i < versions.length;) {
    const of = versions[i].instance;
    const run = versions.slice(i).filter((v) => !byInstance(v.instance, of));
    instance(of);
    w.varint(run.length);
    run.forEach((v, k) => {
      const bits = (v.rank ? 1 : 0) + (v.ordinal ? 2 : 0) + (v.by.length ? 4 : 0);
      w.varint((v.field - (k ? run[k - 1].field : 0)) * 8 + bits);
      if (infos.length > 1) w.varint(places.get(dotText(v)));
      if (v.rank) w.byte(v.rank);
      if (v.ordinal) w.varint(v.ordinal);
      if (v.by.length) replacing(v.by);
      putValue(w, v);
    });
    i += run.length;
  }
  w.varint(awaited.length);
  for (const one of awaited) {
    instance(one.instance);
    w.varint(one.field).id(one.actor).varint(one.number).varint(one.ordinal).byte(one.keep ? 1 : 0);
    if (one.keep) replacing(one.by);
  }
  if (erasures.length) w.varint(erasures.length);
  erasures.map(erasureBytes).sort(Buffer.compare).forEach((bytes) => w.sized(bytes));
  return w.done();
}
