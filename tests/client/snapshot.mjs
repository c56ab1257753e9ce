// snapshot.mjs: snapshots: section 20 of docs/protocol.md, from that text alone.
import zlib from 'node:zlib';
import { readState } from './packed.mjs';
import { BYTES, DATE, DECIMAL, INTEGER, NULL, Reader, TEXT, Writer, hash, must } from './wire.mjs';

const WANT = 6;
const ERASED = 6; // the type of a value
const PLACES = 255;
const FIELDS = 1024;

export function wantPart(wants) {
  const w = new Writer();
  for (const { name, next } of wants) w.bytes(name).varint(next);
  return new Writer().byte(WANT).sized(w.done()).done();
}

export function readManifest(bytes) {
  const r = new Reader(bytes);
  must(r.byte() === 1, 'unknown format of a snapshot: update this program');
  const manifest = {
    name: hash('yg snapshot', bytes),
    area: r.area(),
    position: r.varint(),
    chain: r.bytes(32),
    records: r.varint(),
    chunks: Array.from({ length: r.varint() }, () => ({ size: r.varint(), hash: r.bytes(32) })),
  };
  r.end();
  must(manifest.position > 0 && manifest.chunks.length > 0, 'an empty snapshot');
  return manifest;
}

// The bodies of entries and the states in a chunk of the manifest.
export function readChunk(manifest, index, bytes) {
  const wanted = manifest.chunks[index];
  must(wanted.size === bytes.length && wanted.hash.equals(hash('yg chunk', bytes)), 'damaged');
  const r = new Reader(zlib.inflateSync(bytes));
  const entries = Array.from({ length: r.varint() }, () => r.sized());
  const count = r.varint();
  const sizes = Array.from({ length: r.varint() }, () => r.varint());
  const lanes = sizes.map((size) => new Reader(r.bytes(size)));
  r.end();
  const walk = new Walk(lanes);
  const states = Array.from({ length: count }, () => readState(new Reader(walk.record())));
  must(
    lanes.every((lane) => !lane.more),
    'bytes are left over in a lane',
  );
  return { entries, states };
}

// Takes the pieces of a packed state from their lanes and writes them as section 16 has them.
class Walk {
  actors = [];
  others = [];
  numbers = new Map();
  fields = new Map();
  time = 0n;
  lamport = 0n;
  constructor(lanes) {
    this.lanes = lanes;
  }
  lane(i) {
    return (this.lanes[i] ??= new Reader(Buffer.alloc(0)));
  }
  varint(i) {
    const value = this.lane(i).big();
    this.out.varint(value);
    return Number(value);
  }
  byte(i) {
    const value = this.lane(i).byte();
    this.out.byte(value);
    return value;
  }
  bytes(i, size) {
    this.out.bytes(this.lane(i).bytes(size));
  }
  step(i, before) {
    const value = BigInt.asUintN(64, before + this.lane(i).bigSigned());
    this.out.varint(value);
    return value;
  }
  id(i, list) {
    const place = this.lane(i).varint();
    const id = place ? list[place - 1] : this.lane(i).id();
    must(id, 'no such id');
    this.out.id(id);
    if (place) return place - 1;
    if (list.length === PLACES) return PLACES;
    return list.push(id) - 1;
  }
  dot() {
    if (this.varint(11)) return;
    this.id(1, this.actors);
    this.varint(11);
  }
  instance() {
    if (this.varint(12)) this.dot();
  }
  replacing() {
    for (let left = this.varint(15); left > 0; left--) this.varint(15);
  }
  value(field) {
    if (!this.fields.has(field)) this.fields.set(field, Math.min(this.fields.size, FIELDS - 1));
    const lane = 18 + 2 * this.fields.get(field);
    const type = this.byte(lane);
    if (type === DECIMAL) this.byte(lane);
    if ([INTEGER, DECIMAL, DATE].includes(type)) this.varint(lane);
    else if ([TEXT, BYTES].includes(type)) this.bytes(lane + 1, this.varint(lane));
    else must([NULL, ERASED].includes(type), 'no such type of value');
  }
  absorbed(count) {
    for (let i = 0; i < count;) {
      const actor = this.id(1, this.actors);
      const size = this.varint(0);
      must(size > 0 && size <= count - i, 'too many numbers');
      this.numbers.set(actor, this.step(2, this.numbers.get(actor) ?? 0n));
      for (let left = size - 1; left > 0; left--) this.varint(3);
      i += size;
    }
    let lamport = 0n;
    for (let i = 0; i < count; i++) {
      const bits = this.byte(4);
      for (const of of ['form', 'person']) if (of && !this.byte(5)) this.id(6, this.others);
      if (i === 0) {
        this.time = BigInt.asIntN(64, this.time + this.lane(7).bigSigned());
        this.out.signed(this.time);
        this.lamport = lamport = this.step(9, this.lamport);
      } else {
        this.varint(8);
        lamport = this.step(10, lamport);
      }
      if (bits & 32) this.bytes(17, this.varint(0) * 16);
    }
  }
  versions(several) {
    for (let count = this.varint(0); count > 0;) {
      this.instance();
      let field = 0;
      for (let left = this.varint(0); left > 0; left--, count--) {
        const head = this.varint(13);
        field += head >> 3;
        if (several) this.varint(14);
        if (head & 1) this.byte(16);
        if (head & 2) this.varint(16);
        if (head & 4) this.replacing();
        this.value(field);
      }
    }
  }
  record() {
    this.out = new Writer();
    const format = this.byte(0);
    const count = this.varint(0);
    this.absorbed(count);
    this.dot();
    this.versions(count > 1);
    for (let left = this.varint(0); left > 0; left--) {
      this.instance();
      this.varint(16);
      this.id(1, this.actors);
      this.varint(16);
      this.varint(16);
      if (this.byte(16)) this.replacing();
    }
    if (format === 2)
      for (let left = this.varint(0); left > 0; left--) this.bytes(17, this.varint(16));
    return this.out.done();
  }
}
