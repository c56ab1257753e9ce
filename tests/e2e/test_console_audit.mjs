// test_console_audit.mjs: an auditor at the console: his questions, a table to take away in which no
// formula runs, the signed file, and that all of it stands in the log.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ConsoleCounty } from './console.mjs';
import { DeskPages, SCRIPT, ok } from './desk_pages.mjs';
import { Tablet, area, build, folder } from './web.mjs';

const FORMULA = '=HYPERLINK("http://evil.example","王")';
const work = folder('console-audit');
const county = new ConsoleCounty(work);
county.add('auditor', 'qian');
county.add('city', 'feng');
county.publish('household');
await county.start();
const wang = new Tablet(county, 'wang', area);
const made = [];
for (const name of ['王桂兰', SCRIPT, FORMULA]) {
  fs.writeFileSync(`${work}/one.json`, JSON.stringify({ head: { name } }));
  made.push(wang.agent('new', 'household', '--area', area, '--draft', '--file', `${work}/one.json`).trim());
}
wang.agent('set', made[0], `head/name=${FORMULA}`);
wang.agent('sync');
const { items: [{ device }] } = { items: JSON.parse(county.syncd('device', 'list', '--json')) };

const desk = new DeskPages(county, 'audit');
await desk.start();

async function fileOf(page, act) {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: download.suggestedFilename(), bytes: fs.readFileSync(await download.path()) };
}

async function auditor() {
  const page = await desk.open('qian');

  await desk.place(page, '审计');
  await desk.heading(page, '审计');
  await page.getByText('没有查到').waitFor();
  await desk.look(page, 'visits');
  await page.getByRole('link', { name: '平板存有的档案' }).click();
  await page.getByText('请填写编号').waitFor();
  await page.getByLabel('平板编号').fill(device);
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('link', { name: made[0] }).waitFor();
  ok(page.url().includes(device), 'what is asked stands in the address, by its number');
  await desk.look(page, 'tablet');
  await page.getByRole('link', { name: made[0] }).click();
  await page.getByRole('cell', { name: FORMULA }).first().waitFor();
  ok((await page.locator('tbody tr').last().locator('td').nth(1).innerText()) === '王桂兰', 'what stood there before is told, and nothing else',
    await page.locator('tbody').innerText());
  await desk.look(page, 'changes');
  await page.getByRole('button', { name: '导出表格' }).click();
  await page.getByRole('button', { name: '导出', exact: true }).click();
  await page.getByText('请说明理由').or(page.getByText('请说明原因')).first().waitFor();
  await desk.look(page, 'take');
  await page.getByLabel('理由').fill('信访第7号');
  const table = await fileOf(page, () => page.getByRole('button', { name: '导出', exact: true }).click());
  const text = table.bytes.toString('utf8');
  ok(table.name === 'changes.csv' && text.startsWith('\ufefffield,from,to'), 'the table is a file', text.slice(0, 200));
  ok(text.includes(`"'=HYPERLINK`) && !/(^|,)"?=HYPERLINK/m.test(text), 'in which no formula runs', text);
  await page.getByRole('link', { name: '签名文件' }).click();
  await page.getByLabel('单个或几个档案').check();
  await page.getByLabel('档案编号（可填多个）').fill(made[0]);
  await page.getByLabel('含敏感内容').check();
  await desk.look(page, 'export');
  await page.getByRole('button', { name: '生成签名文件' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('理由').fill('信访第7号');
  const file = await fileOf(page, () => page.getByRole('button', { name: '生成签名文件' }).click());
  fs.writeFileSync(`${work}/county.yga`, file.bytes);
  const told = spawnSync(path.join(build, 'yg-verify'), ['--json', `${work}/county.yga`], { encoding: 'utf8' });
  ok(told.status === 0 && JSON.parse(told.stdout).by === 'qian', 'the signed file is verified without a server', told.stdout + told.stderr);
  await desk.place(page, '日志');
  await page.getByRole('cell', { name: 'audit export in full' }).waitFor();
  ok((await page.getByRole('cell', { name: 'audit report changes' }).count()) === 1, 'both stand in the log, with the reason',
    await page.locator('main').innerText());
  await page.close();
}

async function supervisor() {
  const page = await desk.open('feng');

  await page.goto(`${county.console}/#/audit/export`);
  await page.getByRole('button', { name: '生成签名文件' }).waitFor();
  ok(!(await page.getByLabel('含敏感内容').count()), 'a supervisor is not offered sensitive values');
  await page.close();
}

await desk.run({ auditor, supervisor });
await desk.end(work);
