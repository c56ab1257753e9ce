// reading.mjs: what people see of a record: "Reading" of section 13 of docs/protocol.md, from that text
// alone. Not here: broken rules, for which a client has to run the form.
import {
  AREA,
  BYTES,
  DATE,
  DECIMAL,
  ERASED,
  EXISTS,
  INTEGER,
  NULL,
  Reader,
  SAME,
  TEXT,
  Writer,
  byDot,
  byInstance,
  dotText,
  hash,
  instanceText,
  isErased,
  putValue,
  root,
  takeDots,
  takeInstance,
} from './wire.mjs';

const SEALS = 16; // the field of the first scope
const DEPTH = 8; // levels of instances

// --- Values ---

const isNumber = ({ type }) => type === INTEGER || type === DECIMAL;

// -1, 0 or 1: numbers as numbers, then by type, then by what they say
function compare(a, b) {
  const sign = (x, y) => (x < y ? -1 : x > y ? 1 : 0);
  if (isNumber(a) && isNumber(b)) {
    const parts = ({ type, value }) =>
      type === DECIMAL ? [BigInt(value.mantissa), value.scale] : [BigInt(value), 0];
    const [[x, p], [y, q]] = [parts(a), parts(b)];
    const scale = Math.max(p, q);
    return sign(x * 10n ** BigInt(scale - p), y * 10n ** BigInt(scale - q));
  }
  const kind = (v) => (v.type === DECIMAL ? INTEGER : v.type);
  if (a.type !== b.type) return sign(kind(a), kind(b));
  if (a.type === DATE) return sign(a.value, b.value);
  if (a.type === TEXT || a.type === BYTES)
    return Buffer.compare(Buffer.from(a.value), Buffer.from(b.value));
  return 0;
}
const NOTHING = { type: NULL, value: null };
const compareLists = (a, b) =>
  a.reduce((order, v, i) => order || compare(v ?? NOTHING, b[i] ?? NOTHING), 0);

const isNo = ({ type, value }) =>
  type === NULL ||
  type === ERASED ||
  (type === TEXT && ['', '0', 'no', 'false'].includes(value)) ||
  (isNumber({ type }) && !compare({ type, value }, { type: INTEGER, value: 0n }));

// What a policy makes of sides {dot, time, rank, values: [version or undefined]}, in order of dots:
// {chosen} or {conflict: sides}.
function choose(policy, sides) {
  const equal = (list) => list.every(({ values }) => !compareLists(values, list[0].values));
  if (equal(sides)) return { chosen: sides[0] };
  const said = sides.filter(({ values }) => values.some((v) => v && v.type !== NULL));
  const most = (list, better) => list.reduce((a, b) => (better(b, a) ? b : a));
  const larger = (a, b) => compareLists(a.values, b.values) > 0;
  if (policy === 'latest' || policy === 'server')
    return { chosen: most(sides, (a, b) => a.time > b.time || (a.time === b.time && byDot(a, b) > 0)) };
  if (policy === 'max') return { chosen: most(said, larger) };
  if (policy === 'min') return { chosen: most(said, (a, b) => larger(b, a)) };
  if (policy === 'or') {
    const yes = said.filter(({ values: [v] }) => v && !isNo(v));
    return { chosen: most(yes.length ? yes : said, larger) };
  }
  if (policy === 'authority') {
    const rank = Math.max(...sides.map((side) => side.rank));
    const top = sides.filter((side) => side.rank === rank);
    return equal(top) ? { chosen: top[0] } : { conflict: top };
  }
  return { conflict: sides };
}

// --- The reading ---

export class Reading {
  conflicts = []; // {kind, instance, field, sides: [version], other}
  late = []; // versions beside a seal
  sealed = new Map(); // by scope: {seals, inForce(dot)}
  nodes = new Map(); // instances by their text, '' the record: {id, repeat, parent, covers, hidden, same}
  cells = new Map(); // by instance|field: {instance, field, kind, value, values, versions}
  constructor(state, forms) {
    this.state = state;
    this.form = governing(state, forms);
    this.fields = new Map((this.form?.fields ?? []).map((field) => [field.number, field]));
    this.readSeals();
    this.versions = [...state.versions.values()].filter((v) => this.counts(v));
    this.readInstances();
    this.readRemovals();
    this.readCells();
    this.readSameness();
    this.conflicts = this.conflicts.filter(({ instance }) => {
      const node = this.nodes.get(instanceText(instance));
      return node && !this.isOut(node);
    });
  }

  // --- Seals ---

  readSeals() {
    for (let scope = 0; scope < 16; scope++) {
      const seals = this.state
        .live(root, SEALS + scope)
        .filter(({ type, value }) => type === BYTES && value.length > 16)
        .sort(byInstance);
      if (!seals.length) continue;
      const digests = new Set(seals.map(({ value }) => value.subarray(0, 16).toString('hex')));
      const named = new Set(
        seals.flatMap(({ value }) => takeDots(new Reader(value.subarray(16))).map(dotText)),
      );
      const inForce = (dot) =>
        named.has(dotText(dot)) ||
        this.state.infos.get(dotText(dot)).under.some((d) => digests.has(d.toString('hex')));
      this.sealed.set(scope, { seals, inForce });
      if (digests.size > 1)
        this.conflicts.push({ kind: 'seal', instance: root, field: SEALS + scope, sides: seals });
    }
  }
  scope({ instance, field, type, value }) {
    if (field === EXISTS && instance.ordinal)
      field = type === BYTES ? new Reader(value.subarray(1)).varint() : Number(value);
    return this.fields.get(field)?.scope;
  }
  counts(version) {
    const seal = this.sealed.get(this.scope(version));
    if (!seal) return !version.by.length;
    if (seal.inForce(version)) return !version.by.some(seal.inForce);
    if (!version.by.length) this.late.push(version);
    return false;
  }
  // The digest of the seal that somebody would make now.
  digest(scope) {
    const w = new Writer().byte(scope);
    const order = (a, b) =>
      byInstance(a.instance, b.instance) || a.field - b.field || byInstance(a, b);
    for (const v of this.versions.filter((one) => this.scope(one) === scope).sort(order)) {
      w.id(v.instance.actor).varint(v.instance.number).varint(v.instance.ordinal).varint(v.field);
      w.id(v.actor).varint(v.number).varint(v.ordinal);
      putValue(w, v);
    }
    return hash('yg seal digest', w.done()).subarray(0, 16);
  }

  // --- Instances ---

  readInstances() {
    this.nodes.set('', { id: root, covers: [], placed: true });
    for (const v of this.versions.filter((one) => one.field === EXISTS).sort(byInstance)) {
      const key = instanceText(v.instance);
      if (!this.nodes.has(key)) this.nodes.set(key, { id: v.instance, covers: [] });
      const node = this.nodes.get(key);
      const place = placeOf(v);
      if (!place) continue;
      if (place.dots) node.covers.push({ version: v, named: new Set(place.dots.map(dotText)) });
      if (node.placed) continue;
      const { lamport } = this.state.infos.get(dotText(v.instance)) ?? this.state.infos.get(dotText(v));
      Object.assign(node, { placed: true, repeat: place.repeat, parentId: place.parent, lamport });
    }
    for (const [key, node] of this.nodes) if (!node.placed) this.nodes.delete(key);
    this.nodes.forEach((node) => {
      if (!node.id.ordinal) return;
      const parent = this.nodes.get(instanceText(node.parentId));
      node.parent = !parent || parent === node ? this.nodes.get('') : parent;
    });
    // Older ones first.
    this.order = [...this.nodes.values()].filter(({ id }) => id.ordinal);
    this.order.sort((a, b) => a.lamport - b.lamport || byInstance(a.id, b.id));
    this.order.forEach((node, i) => (node.age = i));
  }
  // The instance and all that it is in; what nobody has placed is in the record.
  outwards(instance) {
    const all = [];
    let node = this.nodes.get(instanceText(instance)) ?? this.nodes.get('');
    for (; node && all.length <= DEPTH; node = node.parent) all.push(node);
    return all;
  }
  readRemovals() {
    for (const version of this.versions.filter(isInside).sort(byInstance)) {
      let named = false;
      for (const node of this.outwards(version.instance)) {
        named ||= node.covers.some((cover) => cover.named.has(dotText(version)));
        if (node.covers.length && !named) (node.unnamed ??= []).push(version);
      }
    }
    for (const node of this.nodes.values()) {
      node.hidden = node.covers.length > 0 && !node.unnamed;
      if (!node.unnamed) continue;
      const sides = new Map(); // one for each change
      [...node.covers.map(({ version }) => version), ...node.unnamed]
        .sort((a, b) => byDot(a, b) || byInstance(a.instance, b.instance) || a.field - b.field)
        .forEach((v) => sides.has(dotText(v)) || sides.set(dotText(v), v));
      this.conflicts.push({
        kind: 'removed',
        instance: node.id,
        field: EXISTS,
        sides: [...sides.values()].sort(byDot),
      });
    }
  }
  isOut(node) {
    return (
      this.nodes.get('').hidden || this.outwards(node.id).some((one) => one.hidden || one.same)
    );
  }
  get withdrawn() {
    return this.nodes.get('').hidden;
  }
  // Those that are there, older ones first: {id, repeat, parent}
  instances() {
    return this.order.filter((node) => !this.isOut(node));
  }
  // What a cover of this instance has to name.
  inside(instance) {
    const dots = new Map();
    for (const v of this.versions.filter(isInside))
      if (this.outwards(v.instance).some(({ id }) => !byInstance(id, instance)))
        dots.set(dotText(v), { actor: v.actor, number: v.number });
    return [...dots.values()];
  }

  // --- Values ---

  cell(instance, field) {
    return this.cells.get(`${instanceText(instance)}|${field}`);
  }
  policy(field) {
    return this.fields.get(field)?.policy ?? 'human';
  }
  readCells() {
    for (const v of [...this.versions].sort(byInstance)) {
      if (v.field < 32 && v.field !== AREA) continue;
      const key = `${instanceText(v.instance)}|${v.field}`;
      if (!this.cells.has(key))
        this.cells.set(key, { instance: v.instance, field: v.field, versions: [] });
      this.cells.get(key).versions.push(v);
    }
    const groups = new Map();
    for (const cell of this.cells.values()) {
      const group = this.fields.get(cell.field)?.merge_group;
      const key = `${instanceText(cell.instance)}|${group}`;
      if (group === undefined) this.readCell(cell);
      else groups.set(key, [...(groups.get(key) ?? []), cell]);
    }
    for (const cells of groups.values()) this.readGroup(cells.sort((a, b) => a.field - b.field));
  }
  sideOf(dot, values) {
    return {
      actor: dot.actor,
      number: dot.number,
      time: this.state.infos.get(dotText(dot)).time,
      rank: Math.max(...values.map((v) => v?.rank ?? 0)),
      values,
    };
  }
  // kind: empty, value, set, conflict or erased
  readCell(cell) {
    const left = cell.versions.filter((v) => v.type !== ERASED);
    if (!left.length) return Object.assign(cell, { kind: 'erased' });
    if (this.policy(cell.field) === 'union') {
      const values = left
        .filter((v) => v.type !== NULL)
        .sort(compare)
        .filter((v, i, list) => !i || compare(list[i - 1], v));
      return Object.assign(cell, { kind: values.length ? 'set' : 'empty', values });
    }
    const sides = left.map((v) => this.sideOf(v, [v]));
    const { chosen, conflict } = choose(this.policy(cell.field), sides);
    if (conflict) {
      const kind = cell.field === AREA ? 'area' : 'field';
      const among = conflict.map(({ values: [v] }) => v);
      this.conflicts.push({ kind, instance: cell.instance, field: cell.field, sides: among });
    }
    return Object.assign(cell, said(chosen?.values[0]));
  }
  // Fields that are one answer: a side is what one change has live in them.
  readGroup(cells) {
    const sides = new Map();
    cells.forEach(({ versions }, i) =>
      versions.forEach((v) => {
        if (!sides.has(dotText(v))) sides.set(dotText(v), { dot: v, values: cells.map(() => undefined) });
        sides.get(dotText(v)).values[i] ??= v;
      }),
    );
    const all = [...sides.values()]
      .sort((a, b) => byDot(a.dot, b.dot))
      .map(({ dot, values }) => this.sideOf(dot, values));
    const whole = all.filter(({ values }) => !values.some((v) => v?.type === ERASED));
    const partly = all.filter(({ values }) => values.some((v) => v && v.type !== ERASED));
    const those = [whole, partly, all.slice(0, 1)].find((list) => list.length);
    const group = this.fields.get(cells[0].field).merge_group;
    const { chosen, conflict } = choose(this.policy(group), those);
    if (conflict)
      this.conflicts.push({
        kind: 'group',
        instance: cells[0].instance,
        field: group,
        sides: conflict.map(({ values }) => values.find((v) => v)),
      });
    cells.forEach((cell, i) => {
      const gone = cell.versions.every((v) => v.type === ERASED);
      if (gone && !chosen?.values[i]) cell.kind = 'erased';
      else Object.assign(cell, conflict ? { kind: 'conflict' } : said(chosen.values[i] ?? NOTHING));
    });
  }
  // The newest erasure that names a version; undefined if nobody has told yet.
  why(version) {
    const naming = this.state.erasures.filter((e) => isErased(e, version, version));
    return naming.sort((a, b) => b.at - a.at)[0];
  }

  // --- Who is the same as whom ---

  readSameness() {
    const pairs = new Map(); // of instances; answers about two records are not read here
    for (const v of this.versions.filter((one) => one.field === SAME && one.type === TEXT)) {
      const [own, named] = [instanceText(v.instance), v.value.slice(1)].map((id) => this.nodes.get(id));
      if (!v.instance.ordinal || !own || !named?.id.ordinal || own === named) continue;
      const [older, younger] = own.age < named.age ? [own, named] : [named, own];
      const key = `${older.age} ${younger.age}`;
      if (!pairs.has(key)) pairs.set(key, { older, younger, answers: [] });
      pairs.get(key).answers.push(v);
    }
    const same = [];
    for (const { older, younger, answers } of pairs.values()) {
      const yes = answers.filter(({ value }) => value[0] === '=').length;
      if (yes === answers.length) same.push({ older, younger });
      else if (yes)
        this.conflicts.push({
          kind: 'same',
          instance: younger.id,
          field: SAME,
          sides: answers.sort(byInstance),
          other: older.id,
        });
    }
    same.sort((a, b) => a.younger.age - b.younger.age);
    for (const { older, younger } of same)
      if (older.parent === younger.parent && (!older.hidden || older.same)) younger.same = true;
    const proposed = new Set();
    const keyed = [...this.cells.values()]
      .filter(({ kind, field }) => kind === 'value' && this.fields.get(field)?.key)
      .map((cell) => ({ ...cell, node: this.nodes.get(instanceText(cell.instance)) }))
      .filter(({ node }) => node?.id.ordinal && !this.isOut(node))
      .sort((a, b) => a.field - b.field || a.node.age - b.node.age);
    for (const one of keyed) {
      const twin = keyed.find(
        (other) =>
          other.field === one.field &&
          other.node.age < one.node.age &&
          other.node.parent === one.node.parent &&
          other.node.repeat === one.node.repeat &&
          !compare(other.value, one.value) &&
          !pairs.has(`${other.node.age} ${one.node.age}`),
      );
      const key = twin && `${twin.node.age} ${one.node.age}`;
      if (!twin || proposed.has(key)) continue;
      proposed.add(key);
      const sides = [twin, one].map((cell) => cell.versions.find((v) => !compare(v, cell.value)));
      const { instance, field } = one;
      this.conflicts.push({ kind: 'same', instance, field, sides, other: twin.instance });
    }
  }
}

const said = (version) => {
  if (!version) return { kind: 'conflict' };
  const kind = { [NULL]: 'empty', [ERASED]: 'erased' }[version.type] ?? 'value';
  return { kind, value: version };
};

// Answers, seals and places: what is taken out along with an instance.
const isInside = (v) =>
  v.field >= SEALS || (v.field === EXISTS && !(v.type === BYTES && v.value[0] === 2));

// The place that a version of field 2 tells, and what it names if it is a cover.
function placeOf({ type, value }) {
  if (type !== BYTES) return { repeat: Number(value), parent: root };
  const r = new Reader(value);
  const isCover = r.byte() === 2;
  const place = { repeat: r.varint(), parent: takeInstance(r) };
  return isCover ? { ...place, dots: takeDots(r) } : place;
}

function governing(state, forms) {
  const live = [...state.versions.values()].filter((v) => !v.by.length);
  const known = live.map((v) => forms.get(state.infos.get(dotText(v)).form)).filter((form) => form);
  const newer = (a, b) => a.sequence - b.sequence || (a.id < b.id ? -1 : 1);
  return known.sort(newer).at(-1);
}
