// help.mjs: what a program says of itself, against what its man page says and what it promises.
//
//   node help.mjs PROGRAM MAN_PAGE PROMISES
//
// PROMISES has a line for each command that must exist: its name, then the options it must have.
// Prints one TAP-less line "ok WHAT" or "no WHAT" for each claim.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const [program, page, promises] = process.argv.slice(2);
const name = program.split('/').pop();
const claim = (good, what) => console.log(good ? 'ok' : 'no', what);

function help(words, lang) {
  const env = { ...process.env, LC_ALL: lang === 'zh' ? 'zh_CN.UTF-8' : 'en_US.UTF-8' };
  const run = spawnSync(program, [...words, '--help'], { encoding: 'utf8', env });
  claim(run.status === 0 && run.stderr === '', `${name} ${words.join(' ')} --help in ${lang}`);
  return run.stdout;
}
const optionsOf = (text) => new Set(text.match(/--[a-z][a-z-]*/g) ?? []);

// Commands stand indented by two, one or two lower-case words before anything else.
function commandsOf(text) {
  const found = [];
  for (const line of text.split('\n')) {
    const match = /^ {2}([a-z]+(?: [a-z][a-z-]*)?)(?= [A-Z([-]| {2,}|$)/.exec(line);
    if (match) found.push(match[1]);
  }
  return found;
}
const hasHan = (text) => /\p{Script=Han}/u.test(text);

const top = help([], 'en');
const chinese = help([], 'zh');
const commands = commandsOf(top);
claim(hasHan(chinese), `${name} --help speaks Chinese`);
claim(
  JSON.stringify(commandsOf(chinese)) === JSON.stringify(commands),
  `${name} --help names the same commands in Chinese`,
);
for (const line of fs.readFileSync(promises, 'utf8').trim().split('\n')) {
  const command = line.split(' --')[0];
  claim(commands.includes(command), `${name} has the command ${command}`);
  if (!commands.includes(command)) continue;
  const own = optionsOf(help(command.split(' '), 'en'));
  for (const option of optionsOf(line)) claim(own.has(option), `${name} ${command} has ${option}`);
}

// The man page as plain text, one entry for each command.
const plain = fs
  .readFileSync(page, 'utf8')
  .replace(/\\f[A-Z]|\\&/g, '')
  .replace(/\\-/g, '-')
  .replace(/\\ /g, ' ')
  .split('\n');
const entries = new Map();
const everywhere = [];
let entry = null;
let tag = false;
let section = '';
for (const line of plain) {
  const text = line.replace(/^\.(?:BR|BI|IR|RI|RB|IB|B|I) /, '').replace(/"/g, ' ').replace(/ +/g, ' ').trim();
  if (/^\.S[HS] /.test(line)) {
    if (/^\.SH /.test(line)) section = text.replace(/^\.SH /, '');
    if (/^\.SH /.test(line)) entry = null;
  } else if (/^\.TP/.test(line)) {
    tag = true;
    continue;
  } else if (section === 'COMMANDS') {
    const command = tag && commands
      .filter((one) => text === one || text.startsWith(one + ' '))
      .sort((a, b) => b.length - a.length)[0];
    if (command) entries.set((entry = command), '');
    if (entry) entries.set(entry, entries.get(entry) + text + '\n');
  } else {
    everywhere.push(text);
  }
  tag = false;
}
const shared = optionsOf(help(['verify'], 'en'));
const known = new Set(shared);
for (const command of commands) {
  const english = help(command.split(' '), 'en');
  const other = help(command.split(' '), 'zh');
  const own = optionsOf(english.split('\n').filter((line) => line.startsWith('  ')).join('\n'));
  claim(english.startsWith(`${name} ${command}`), `${command} --help begins with its usage`);
  claim(hasHan(other), `${command} --help speaks Chinese`);
  claim(
    JSON.stringify([...optionsOf(other)].sort()) === JSON.stringify([...optionsOf(english)].sort()),
    `${command} --help names the same options in Chinese`,
  );
  claim(entries.has(command), `the man page has ${command}`);
  const written = optionsOf((entries.get(command) ?? '') + everywhere.join('\n'));
  for (const option of own) {
    known.add(option);
    if (!shared.has(option)) claim(written.has(option), `the man page has ${command} ${option}`);
  }
}
for (const option of shared) claim(optionsOf(plain.join('\n')).has(option), `the man page has ${option}`);
for (const option of optionsOf([...entries.values(), ...everywhere].join('\n')))
  claim(known.has(option), `${option} of the man page exists`);
