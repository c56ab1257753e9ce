// words.mjs: bytes, hashes, keys, names: sections 1 to 3 of docs/protocol.md, from that text alone.
// Ids are 16 hexadecimal digits, 64-bit numbers BigInts, dots {actor, number}, instances and
// versions {actor, number, ordinal}.
import crypto from 'node:crypto';

export class Refused extends Error {}
export const must = (good, what) => {
  if (!good) throw new Refused(what);
};

// --- 1. Words ---

export class Writer {
  parts = [];
  bytes(bytes) {
    this.parts.push(Buffer.from(bytes));
    return this;
  }
  byte(n) {
    return this.bytes([n]);
  }
  varint(n) {
    const out = [];
    let left = BigInt(n);
    for (; left > 127n; left >>= 7n) out.push(Number(left & 127n) | 128);
    return this.bytes([...out, Number(left)]);
  }
  signed(n) {
    const v = BigInt(n);
    return this.varint(v >= 0n ? 2n * v : -2n * v - 1n);
  }
  id(hex) {
    return this.bytes(Buffer.from(hex, 'hex'));
  }
  sized(bytes) {
    return this.varint(bytes.length).bytes(bytes);
  }
  text(text) {
    return this.sized(Buffer.from(text, 'utf8'));
  }
  area({ code, audience }) {
    const z = [10, 8, 6, 3, 0].find((digits) => code % 10 ** digits === 0);
    const level = { 10: 4, 8: 3, 6: 2, 3: 1, 0: 0 }[z];
    return this.varint(BigInt(code / 10 ** z) * 32n + BigInt(level * 4 + audience));
  }
  done() {
    return Buffer.concat(this.parts);
  }
}

export class Reader {
  at = 0;
  constructor(buffer) {
    this.buffer = buffer;
  }
  bytes(n) {
    must(this.at + n <= this.buffer.length, 'ends too early');
    this.at += n;
    return this.buffer.subarray(this.at - n, this.at);
  }
  byte() {
    return this.bytes(1)[0];
  }
  big() {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte > 127) continue;
      must((byte > 0 || shift === 0n) && value < 1n << 64n, 'not the shortest varint');
      return value;
    }
  }
  varint() {
    return safe(this.big());
  }
  bigSigned() {
    const v = this.big();
    return v & 1n ? -(v >> 1n) - 1n : v >> 1n;
  }
  signed() {
    return safe(this.bigSigned());
  }
  id() {
    return this.bytes(8).toString('hex');
  }
  sized() {
    return this.bytes(this.varint());
  }
  text() {
    return utf8(this.sized());
  }
  area() {
    const v = this.big();
    const z = [0, 3, 6, 8, 10][Number((v >> 2n) & 7n)];
    must(z !== undefined, 'no such class of areas');
    return { code: safe(v >> 5n) * 10 ** z, audience: Number(v & 3n) };
  }
  rest() {
    return this.bytes(this.buffer.length - this.at);
  }
  get more() {
    return this.at < this.buffer.length;
  }
  end() {
    must(!this.more, 'bytes are left over');
  }
}

export function safe(big) {
  const number = Number(big);
  must(Number.isSafeInteger(number), 'number too large');
  return number;
}

export function utf8(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  must(!text.includes('\0'), 'U+0000 in a text');
  return text;
}

// --- 2. Hashes, signatures, seals; 3. Names ---

export const joined = (...parts) => Buffer.concat(parts.map((p) => Buffer.from(p)));
export const hash = (tag, ...data) =>
  crypto
    .createHash('blake2b512')
    .update(joined(tag, [0], ...data))
    .digest()
    .subarray(0, 32);
export const mac = (key, tag, ...data) => hash(tag, key, ...data);

// Raw keys of 32 bytes, wrapped as DER for node:crypto.
const oid = { ed25519: '2b6570', x25519: '2b656e' };
const secretKey = (kind, raw) =>
  crypto.createPrivateKey({
    key: joined(Buffer.from(`302e02010030050603${oid[kind]}04220420`, 'hex'), raw),
    format: 'der',
    type: 'pkcs8',
  });
const publicKey = (kind, raw) =>
  crypto.createPublicKey({
    key: joined(Buffer.from(`302a30050603${oid[kind]}032100`, 'hex'), raw),
    format: 'der',
    type: 'spki',
  });
const rawPublic = (kind, secret) =>
  crypto
    .createPublicKey(secretKey(kind, secret))
    .export({ format: 'der', type: 'spki' })
    .subarray(12);

export const signPublic = (seed) => rawPublic('ed25519', seed);
export const boxPublic = (secret) => rawPublic('x25519', secret);
export const sign = (seed, tag, ...data) =>
  crypto.sign(null, hash(tag, ...data), secretKey('ed25519', seed));
export const signedBy = (key, signature, tag, ...data) =>
  crypto.verify(null, hash(tag, ...data), publicKey('ed25519', key), signature);

const shared = (secret, other) =>
  crypto.diffieHellman({
    privateKey: secretKey('x25519', secret),
    publicKey: publicKey('x25519', other),
  });

export function seal(recipient, associated, plain, secret = crypto.randomBytes(32)) {
  const ephemeral = boxPublic(secret);
  const key = hash('yg seal', shared(secret, recipient), ephemeral, recipient);
  const cipher = crypto.createCipheriv('chacha20-poly1305', key, Buffer.alloc(12), {
    authTagLength: 16,
  });
  cipher.setAAD(associated, { plaintextLength: plain.length });
  return joined(ephemeral, cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

export function unseal(secret, associated, sealed) {
  const ephemeral = sealed.subarray(0, 32);
  const key = hash('yg seal', shared(secret, ephemeral), ephemeral, boxPublic(secret));
  const open = crypto.createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), {
    authTagLength: 16,
  });
  const plain = sealed.subarray(32, -16);
  open.setAAD(associated, { plaintextLength: plain.length });
  open.setAuthTag(sealed.subarray(-16));
  return joined(open.update(plain), open.final());
}

const first8 = (...data) =>
  hash(...data)
    .subarray(0, 8)
    .toString('hex');
export const deviceName = (key) => first8('yg device', key);
export const personName = (key) => first8('yg person id', key);
export const actorName = (key, nonce) => first8('yg incarnation', key, nonce);
const eight = (n) => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(BigInt(n));
  return b;
};
// epoch: of a county that was restored, and does not know the number any more
export const forkName = (history, number, leaf, epoch) =>
  first8('yg fork', Buffer.from(history, 'hex'), eight(number), leaf, epoch ? eight(epoch) : []);
export const formName = (json) => first8('yg form', json);
export const countyTag = (key) => hash('yg county', key).subarray(0, 4);

export const dotText = (dot) => `${dot.actor}-${dot.number}`;
export const dotOf = (text) => ({ actor: text.slice(0, 16), number: Number(text.slice(17)) });
export const instanceText = (i) => (i.ordinal ? `${dotText(i)}.${i.ordinal}` : '');
export const root = { actor: '0'.repeat(16), number: 0, ordinal: 0 };
export const byDot = (a, b) =>
  a.actor === b.actor ? a.number - b.number : a.actor < b.actor ? -1 : 1;
export const byInstance = (a, b) => byDot(a, b) || a.ordinal - b.ordinal;
