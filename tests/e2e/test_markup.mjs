// test_markup.mjs: script in every text that the pages of the tablet show: names of people, areas, forms,
// labels and choices, answers, tasks, notes, reasons, the tablet's name. Everywhere it is letters:
// nothing of it becomes an element, nothing runs, nobody is asked for anything.
import fs from 'node:fs';
import { end, launch, ok, openBrowser, saved, strangers, troubles, work } from './browser.mjs';
import { area, County, Tablet } from './web.mjs';

const nasty = (where) => `<img src=x onerror=hit()><script>hit()</script>"'&${where}`;
const cell = (text) => `"${text.replaceAll('"', '""')}"`;
const county = new County(work);
for (const form of ['household', 'visit', 'task', 'note']) county.publish(form);
fs.mkdirSync(`${work}/nasty`);
fs.writeFileSync(`${work}/nasty/survey.csv`, `type,name,label,hint,constraint,constraint_message,required
note,said,${cell(nasty('note'))},,,,
text,name,${cell(nasty('label'))},${cell(nasty('hint'))},. != 'x',${cell(nasty('message'))},yes
select_one few,choice,${cell(nasty('question'))},,,,
select_one few,drop,Drop,,,,
begin repeat,people,${cell(nasty('repeat'))},,,,
text,who,Who,,,,
end repeat,,,,,,
`);
fs.writeFileSync(`${work}/nasty/choices.csv`, `list_name,name,label\nfew,a,${cell(nasty('choice'))}\nfew,b,B\n`);
fs.writeFileSync(`${work}/nasty/settings.csv`, 'form_id,form_title,version,instance_name\n' +
  `nasty,${cell(nasty('title'))},1,\${name}\n`);
county.syncd('form', 'publish', `${work}/nasty`);
fs.writeFileSync(`${work}/names.csv`, `430626117000,${cell(nasty('township'))}\n${area},${cell(nasty('village'))}\n`);
county.syncd('area', 'names', `${work}/names.csv`, '--reason', nasty('reason'));
await county.start();
const code = county.syncd('device', 'invite', '--areas', area, '--name', '<b>tablet</b>', '--person', 'wang');
const tablet = new Tablet(county, 'wang', area, code);
const zhao = new Tablet(county, 'zhao');
fs.writeFileSync(`${work}/home.json`, JSON.stringify({ head: { name: nasty('head') },
  home: { group_name: nasty('group') }, situation: { notes: nasty('notes') },
  member: [{ name: nasty('member'), relation: '02' }] }));
const home = tablet.agent('new', 'household', '--area', area, '--file', `${work}/home.json`, '--draft');
tablet.agent('sync');
county.syncd('task', 'assign', home, '--kind', '2', '--to', 'wang', '--message', nasty('task'), '--as', 'li');
county.syncd('return', home, '--note', nasty('return'), '--as', 'li');
county.syncd('note', home, 'head/name', '--text', nasty('field'), '--as', 'li');
zhao.agent('sync');
zhao.agent('set', home, `home/group_name=${nasty('zhao')}`);
tablet.agent('set', home, `home/group_name=${nasty('wang')}`);
zhao.agent('sync');
tablet.agent('sync');
tablet.agent('sync');
await tablet.start();
const { context, page } = await openBrowser('markup');

// Labels of forms lose their tags, as those of other collectors carry some; nothing else does.
const tail = (where) => `"'&${where}`;

// Everything that is marked up on the page is ours.
async function innocent(name, ...texts) {
  for (const text of texts) await page.getByText(tail(text)).first().waitFor();
  const found = await page.evaluate(() => [...document.querySelectorAll('img[src=x], [onerror], body script')]
    .map((one) => one.outerHTML));

  ok(found.length === 0 && texts.length > 0, `${name}: letters are letters`, found.join('\n'));
}
const to = (hash) => page.evaluate((where) => { location.hash = where; }, hash);

await launch(page, tablet);
await page.getByLabel('口令').fill('secret-of-wang');
await page.keyboard.press('Enter');
await page.getByRole('link', { name: '新户' }).waitFor();
await innocent('home', 'head', 'task', 'village');
await page.getByLabel(/搜索/).fill('onerror');
await page.getByRole('heading', { name: /找到/ }).waitFor();
await innocent('search', 'head');
await to(`#/record/${encodeURIComponent(home)}`);
await page.locator('.side').nth(1).waitFor();
await innocent('household', 'head', 'return', 'field', 'zhao', 'wang', 'notes');
await page.locator('.notice .button').first().click();
await page.getByRole('dialog').waitFor();
ok(await page.locator('dialog img').count() === 0, 'nor in what a button says');
await page.keyboard.press('Escape');
await page.getByRole('tab', { name: /家庭成员/ }).click();
await innocent('members', 'member');
await page.getByRole('button', { name: /历史/ }).first().click();
await page.getByRole('dialog').getByText('现行').waitFor();
await innocent('history', 'member');
await page.keyboard.press('Escape');
await to('#/new');
await innocent('new record', 'title', 'village');
await page.getByRole('radio', { name: tail('title') }).check();
await page.getByRole('button', { name: '开始填写' }).click();
await page.getByText(tail('question')).first().waitFor();
await innocent('form', 'note', 'label', 'hint', 'question', 'choice');
await page.getByLabel(tail('label')).fill('x');
await page.keyboard.press('Tab');
await innocent('what is wrong', 'message');
await page.getByLabel(tail('label')).fill(nasty('answer'));
await saved(page);
await page.getByRole('radio', { name: tail('choice') }).first().check();
await saved(page);
await page.getByRole('button', { name: '下一页' }).click();
await innocent('repeat', 'repeat');
await page.goto(page.url().replace(/(#\/draft\/\d+).*/, '$1/overview'));
await page.getByRole('button', { name: '完成并保存' }).waitFor();
await innocent('overview', 'repeat');
await page.getByRole('button', { name: '完成并保存' }).click();
await page.waitForURL(/#\/record\//);
await innocent('record', 'answer', 'label', 'choice');
await to('#/settings');
await page.getByText('<b>tablet</b>').waitFor();
ok(true, 'the tablet has its name in letters');
await to('#/ready');
await innocent('ready', 'village');
ok(strangers.length === 0, 'nobody else was asked for anything', strangers.join('\n'));
ok(troubles.length === 0, 'and nothing tried to run', troubles.join('\n'));
await context.close();
await tablet.stop();
await county.stop();
fs.rmSync(work, { recursive: true, force: true });
process.exitCode = end() ? 1 : 0;
