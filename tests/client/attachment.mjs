// attachment.mjs: section 21 of docs/protocol.md: what is attached goes up in chunks behind its label,
// and comes down when it is asked for. Written from the text alone.
import crypto from 'node:crypto';
import { Reader, Refused, Writer, boxPublic, countyTag, hash, joined, must, seal, sign, signedBy } from './words.mjs';

const CHUNK = 262144;
const LACKING = 1;
const HERE = 2;
const KIND = 1; // JPEG
const PLACES = 4; // chunks in one request

export const nameOf = (bytes) => crypto.createHash('sha256').update(bytes).digest();

function label(county, bytes, area, key) {
  const outer = joined([1], countyTag(county.sign));
  const inner = new Writer().bytes(nameOf(bytes)).varint(bytes.length).byte(KIND)
    .area({ code: area, audience: 0 }).bytes(key).done();

  return joined(outer, seal(county.box, outer, inner));
}

function chunkOf(bytes, key, number) {
  const about = joined('yg attachment', new Writer().varint(number).done());

  return seal(boxPublic(key), about, bytes.subarray(number * CHUNK, (number + 1) * CHUNK));
}

// The part before the signature as a reader, after a look at the signature.
function opened(body, tag, key) {
  const signed = body.subarray(0, -64);
  const reader = new Reader(signed);

  if (!signedBy(key, body.subarray(-64), tag, signed)) throw new Refused('not signed by the county');
  must(reader.byte() === 1, 'version');
  return reader;
}

async function post(client, path, tag, writer) {
  const body = writer.done();
  const { status, body: answer } =
    await client.http('POST', path, joined(body, sign(client.seed, tag, body)));

  if (status !== 200) throw new Refused(`${path}: ${status} ${answer}`);
  return answer;
}

// Sends one attachment of this area; gives what the server said last: its state.
export async function sendAttachment(client, bytes, area, key = crypto.randomBytes(32)) {
  const offer = label(client.county, bytes, area, key);
  const count = Math.ceil(bytes.length / CHUNK);
  let state = LACKING;

  for (let next, round = 0; state === LACKING && round <= count; round++) {
    const numbers = next === undefined ? []
      : Array.from({ length: Math.min(PLACES, count - next) }, (_, i) => next + i);
    const request = new Writer().byte(1).id(client.id).bytes(client.nonce).varint(1).sized(offer)
      .varint(numbers.length);

    for (const number of numbers) request.varint(0).varint(number).sized(chunkOf(bytes, key, number));
    const answer = opened(await post(client, '/v1/attachments', 'yg attachments', request),
      'yg attachments', client.county.sign);
    must(answer.varint() === client.epoch && answer.varint() === 1, 'one answer of this epoch');
    must(answer.bytes(16).equals(hash('yg attachment', offer).subarray(0, 16)), 'about this one');
    state = answer.byte();
    next = state === LACKING ? answer.varint() : undefined;
  }
  return state;
}

// Gets what the record names; gives {state, bytes}.
export async function pullAttachment(client, record, name) {
  const pieces = [];

  for (;;) {
    const request = new Writer().byte(1).id(client.id).bytes(client.nonce).id(record.actor)
      .varint(record.number).bytes(name).varint(pieces.length);
    const answer = opened(await post(client, '/v1/attachments/pull', 'yg attachment wanted', request),
      'yg attachment given', client.county.sign);

    must(answer.varint() === client.epoch && answer.bytes(32).equals(name), 'what was asked for');
    const state = answer.byte();
    if (state !== HERE) return { state };
    const size = answer.varint();
    must(answer.byte() === KIND && answer.varint() === pieces.length, 'kind and place');
    for (let left = answer.varint(); left > 0; left--) pieces.push(answer.bytes(answer.varint()));
    const bytes = joined(...pieces);
    if (bytes.length < size) continue;
    must(nameOf(bytes).equals(name), 'the whole has its name');
    return { state, bytes };
  }
}
