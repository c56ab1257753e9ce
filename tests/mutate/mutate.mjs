// mutate.mjs: changes the code in one place, as somebody who is tired might, and asks the tests. A
// change that no test notices ("a survivor") is a line that could be wrong tomorrow.
//
//     node mutate.mjs BUILD CC FLAGS LIBS [--sample N] [--seed S] [--file PART] [--again FILE] [--list]
//
// --again: only those that an earlier run has printed to FILE.
//
// Slips that make no difference to anybody (equivalent.tsv, beside this file, says why of each) are
// left out. Only the changed copy, beneath BUILD/mutate, is compiled; then the tests that ought to know are
// linked and run one after the other until one fails. What does not compile does not count.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'

const [build, compiler, flags, libraries, ...rest] = process.argv.slice(2)
const option = (name, otherwise) => {
  const at = rest.indexOf(name)
  return at < 0 ? otherwise : rest[at + 1]
}
const sample = Number(option('--sample', 100))
let random = BigInt(option('--seed', 1))
const part = option('--file', '')
const folder = `${build}/mutate`

const files = [
  ...readdirSync('schema').filter((name) => /^(merge|reading).*\.c$/.test(name)).map((name) => `schema/${name}`),
  ...readdirSync('schema/wire').filter((name) => name.endsWith('.c')).map((name) => `schema/wire/${name}`),
  ...readdirSync('schema/vote').filter((name) => name.endsWith('.c')).map((name) => `schema/vote/${name}`),
].filter((name) => name.includes(part))

// Tests by the beginning of the file's name, those that know most first; then what knows it from afar.
const KNOW = [
  [/^merge/, ['unit/test_merge', 'property/test_merge', 'unit/test_reading', 'unit/test_redact']],
  [/^reading/, ['unit/test_reading', 'unit/test_merge', 'unit/test_edit', 'property/test_merge']],
  [/^(frame|plane|word)/, ['unit/test_frame', 'unit/test_plane', 'property/test_wire', 'unit/test_vectors', 'unit/test_slice']],
  [/^attachment/, ['unit/test_attachment', 'unit/test_attachment_pull', 'unit/test_attachment_sync', 'unit/test_vectors']],
  [/^batch/, ['unit/test_batch', 'property/test_wire', 'unit/test_vectors', 'unit/test_audit']],
  [/^bundle/, ['unit/test_bundle', 'property/test_wire', 'unit/test_vectors']],
  [/^(exchange|credential)/, ['unit/test_exchange', 'property/test_wire', 'unit/test_vectors', 'unit/test_sync', 'unit/test_backup']],
  [/^lineage/, ['unit/test_lineage', 'property/test_wire', 'unit/test_sync']],
  [/^slice/, ['unit/test_slice', 'unit/test_redact', 'unit/test_vectors']],
  [/^snapshot/, ['unit/test_snapshot', 'unit/test_snapshot_sync', 'unit/test_vectors', 'property/test_wire']],
]
const AFAR = ['fault/test_fault_memory', 'unit/test_cases', 'unit/test_sync']
const VOTES = ['unit/test_vote_profile', 'unit/test_tally', 'unit/test_meeting', 'property/test_tally', 'unit/test_vote_secrecy', 'fault/test_fault_memory']
const testsOf = (file) => {
  if (file.startsWith('schema/vote/')) return VOTES
  const known = KNOW.find(([pattern]) => pattern.test(basename(file)))?.[1] ?? ['unit/test_exchange', 'property/test_wire', 'unit/test_vectors']
  return [...new Set([...known, ...AFAR])]
}

// What a tired person types instead. Each pattern must match code only; see codeOf.
const SLIPS = [
  [/ == /g, ' != '], [/ != /g, ' == '],
  [/ < /g, ' <= '], [/ <= /g, ' < '], [/ > /g, ' >= '], [/ >= /g, ' > '],
  [/ && /g, ' || '], [/ \|\| /g, ' && '],
  [/ \+ /g, ' - '], [/ - /g, ' + '],
  [/ << /g, ' >> '], [/ >> /g, ' << '], [/ & /g, ' | '], [/ \| /g, ' & '],
  [/\btrue\b/g, 'false'], [/\bfalse\b/g, 'true'],
  [/\bif \(/g, 'if (!'], // of the first operand only, or of all: both are wrong
  [/\bcontinue;/g, 'break;'],
  [/\+\+/g, '--'],
  [/(?<![\w.{])0(?![\w.])/g, '1'], [/(?<![\w.])1(?![\w.])/g, '2'],
  [/(?<![\w.])[2-9]\d*u?(?![\w.])/g, '3'],
  [/ \+= /g, ' -= '], [/ \|= /g, ' = '],
]

// The same length, with comments, strings and lines for the preprocessor blanked out.
const codeOf = (text) =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (found) => found.replace(/[^\n]/g, ' '))
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, (found) => ' '.repeat(found.length))
    .replace(/^#.*$/gm, (found) => ' '.repeat(found.length))

const chance = (below) => { // splitmix64
  random = (random + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn
  let mixed = random
  mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn
  mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn
  return Number((mixed ^ (mixed >> 31n)) % BigInt(below))
}

// The function around a place: the last line before it that begins with a name and goes on to a "(".
const functionAt = (code, at) => [...code.slice(0, at).matchAll(/^[a-z][^\n;{}]*?\b(\w+)\(/gm)].at(-1)?.[1] ?? '-'
// File, function, the whole line, what stands there, what is typed, which one of its kind in the line; why.
const equivalent = new Map(
  readFileSync(new URL('equivalent.tsv', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .map((columns) => [columns.slice(0, 6).join('\t'), 0]),
)
const slips = []
let left = 0
for (const file of files) {
  const text = readFileSync(file, 'utf8')
  const code = codeOf(text)
  for (const [pattern, instead] of SLIPS) {
    const nth = new Map()
    for (const found of code.matchAll(pattern)) {
      if (found[0] === instead) continue
      // How long an array is said to be that is a parameter means nothing in C.
      if (/^\d/.test(found[0]) && /\w\[$/.test(code.slice(0, found.index)) && /^\][,)]/.test(code.slice(found.index + found[0].length))) continue
      const line = code.slice(0, found.index).split('\n').length
      const counted = `${line} ${found[0]}`
      nth.set(counted, (nth.get(counted) ?? 0) + 1)
      const name = [file, functionAt(code, found.index), text.split('\n')[line - 1].trim(), found[0].trim(), instead.trim(), nth.get(counted)].join('\t')
      if (equivalent.has(name)) {
        equivalent.set(name, equivalent.get(name) + 1)
        left++
        continue
      }
      slips.push({ file, at: found.index, was: found[0], instead, line, name })
    }
  }
}
for (let i = slips.length - 1; i > 0; i--) { // shuffled, so that the first N are a sample
  const other = chance(i + 1)
  ;[slips[i], slips[other]] = [slips[other], slips[i]]
}
for (const [name, met] of equivalent) // the code has moved on: look at it again
  if (met === 0 && files.includes(name.split('\t')[0])) console.log(`equivalent.tsv: no such slip any more: ${name}`)
if (rest.includes('--again')) {
  const names = new Set(readFileSync(option('--again'), 'utf8').split('\n').map((line) => line.replace(/^\d+\t/, '')))
  slips.splice(0, slips.length, ...slips.filter((slip) => names.has(slip.name)))
}
if (rest.includes('--list')) {
  console.log(`${slips.length} places in ${files.length} files`)
  process.exit(0)
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(`${folder}/tmp`, { recursive: true })
const words = (text) => text.split(' ').filter((word) => word !== '')
const sound = new Set()
const object = `${folder}/changed.o`

const compiles = (slip) => {
  const text = readFileSync(slip.file, 'utf8')
  const copy = `${folder}/${basename(slip.file)}`
  writeFileSync(copy, text.slice(0, slip.at) + slip.instead + text.slice(slip.at + slip.was.length))
  return spawnSync(compiler.split(' ')[0], [...words(compiler).slice(1), ...words(flags), '-O1', '-w', '-Wno-error', '-c', '-o', object, copy]).status === 0
}

// 'passes', or why the test noticed.
const ask = (test) => {
  const program = `${folder}/test`
  const linked = spawnSync(words(compiler).at(-1), ['-o', program, `${build}/obj/release/tests/${test}.o`, object,
    ...(test.startsWith('fault/') ? words(option('--fault', '')) : []),
    `${build}/lib/release/libtest.a`, `${build}/lib/release/libyg.a`, '-lcmocka', ...words(libraries)])
  if (linked.status !== 0) throw new Error(`${test} cannot be linked: ${linked.stderr}`) // no verdict at all
  const run = spawnSync(program, [], { timeout: 60000, killSignal: 'SIGKILL', env: { ...process.env, TMPDIR: `${folder}/tmp` } })
  return run.status === 0 ? 'passes' : run.signal ?? `status ${run.status}`
}

// A test that fails by itself would notice everything.
for (const file of files) {
  if (!compiles({ file, at: 0, was: '', instead: '' })) throw new Error(`${file} does not compile as it is`)
  for (const test of testsOf(file)) {
    if (sound.has(test)) continue
    const said = ask(test)
    if (said !== 'passes') throw new Error(`${test} fails without any slip: ${said}`)
    sound.add(test)
  }
}

let killed = 0, broken = 0

const survivors = []
for (const slip of slips) {
  if (killed + survivors.length >= sample) break
  if (!compiles(slip)) {
    broken++
    continue
  }
  if ((killed + survivors.length) % 25 === 0) console.log(`# ${killed} noticed, ${survivors.length} not`)
  const noticed = testsOf(slip.file).find((test) => ask(test) !== 'passes')
  if (noticed !== undefined) {
    killed++
    continue
  }
  survivors.push(slip)
  console.log(`${slip.line}\t${slip.name}`)
}
console.log(`${killed} of ${killed + survivors.length} changes were noticed, ${survivors.length} not; ${broken} did not compile (${slips.length} places, and ${left} that make no difference)`)
