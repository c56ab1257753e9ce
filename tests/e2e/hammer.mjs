// hammer.mjs: saves records through the service on a tablet's folder as fast as it can, until the
// service is killed with -9, again and again.
//
//   node hammer.mjs YG_AGENT FOLDER SECRET AREA ROUNDS SEED
//
// Prints "id title" for each record that was reported as saved, and nothing for one that was not.
import { spawn } from 'node:child_process';
import { command } from './control.mjs';

const [program, folder, secret, area, rounds, seed] = process.argv.slice(2);

let state = BigInt(seed);
function below(bound) {
  state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
  return Number(state >> 33n) % bound;
}

let number = 0;
for (let round = 0; round < Number(rounds); round++) {
  const service = spawn(program, ['serve', '--every', '0', '--data', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    service.stdout.once('data', resolve);
    service.once('exit', () => reject(new Error('the service did not start')));
  });
  await command(folder, ['unlock'], { secret });
  const ended = new Promise((resolve) => service.once('exit', resolve));
  let alive = true;
  const workers = [0, 1, 2].map(async () => {
    while (alive) {
      const title = `户${++number}`;
      const input = JSON.stringify({ head: { name: title } });
      try {
        const id = await command(
          folder,
          ['new', 'household', '--area', area, '--draft', '--file', '-'],
          { input },
        );
        console.log(id.trim(), title);
      } catch {
        return; // it was killed meanwhile
      }
    }
  });
  await new Promise((resolve) => setTimeout(resolve, 20 + below(150)));
  service.kill('SIGKILL');
  await ended;
  alive = false;
  await Promise.all(workers);
}
