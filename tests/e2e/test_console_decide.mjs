// test_console_decide.mjs: the rarer questions, decided in a real browser and read on the tablets:
// what was removed and edited at once, two that may be one (members of a family, whole families), answers
// that break a rule together; and that nobody decides where one side is his own.
import fs from 'node:fs';
import { ConsoleCounty } from './console.mjs';
import { DeskPages, SCRIPT, ok } from './desk_pages.mjs';
import { Tablet, area, folder } from './web.mjs';

const work = folder('console-decide');
const county = new ConsoleCounty(work);
county.add('county', 'zhao');
county.add('county', 'hu');
for (const form of ['household', 'task', 'note']) county.publish(form);
await county.start();
const wang = new Tablet(county, 'wang', area);
const zhang = new Tablet(county, 'zhang', area);
await wang.start(); // so that not every command stretches the secret anew
await zhang.start();
for (const one of [wang, zhang]) one.agent('unlock');
const together = () => { for (const one of [wang, zhang, wang]) one.agent('sync'); };
const household = (name, more = {}) => {
  fs.writeFileSync(`${work}/one.json`, JSON.stringify({ head: { name }, ...more }));
  return wang.agent('new', 'household', '--area', area, '--draft', '--file', `${work}/one.json`);
};
const member = (name, more = {}) => ({ name, relation: '30', health: '10', ...more });
const shown = (tablet, record) => JSON.parse(tablet.agent('show', record, '--json')).values;
const answers = (tablet, record, name) => Object.entries(shown(tablet, record)).filter(([path]) => path.endsWith(`/${name}`))
  .map(([, value]) => value).sort();

const removed = household('周移除', { member: [member('甲一'), member('乙二')] });
const items = household('吴重复', { member: [member('丙三')] });
const families = [household('郑一户', { home: { hukou_no: '430626101' } }), household('郑二户', { home: { hukou_no: '430626102' } }),
  household('冯一户', { home: { hukou_no: '430626201' } }), household('冯二户', { home: { hukou_no: '430626202' } })];
const rules = ['陈', '卫'].map((one) => household(one.repeat(51))); // a name has at most fifty letters
const own = household('蒋本人');
together();

// Both at once, away from each other.
const pathOf = (record, name, value) => Object.entries(shown(wang, record)).find(([path, one]) =>
  path.endsWith(`/${name}`) && (value === undefined || one === value))?.[0];
const instanceOf = (path) => path.replace(/\/[^/]*$/, '');
for (const name of ['甲一', '乙二']) {
  const path = pathOf(removed, 'name', name);
  wang.agent('remove', removed, instanceOf(path));
  zhang.agent('set', removed, `${path}=${name}改`);
}
for (const [one, name] of [[wang, '丁四'], [zhang, '丁四']])
  one.agent('add', items, 'member', `name=${name}`, 'relation=30', 'id_type=1', 'id_no=11010519491231002X', 'health=10');
for (const [one, name] of [[wang, '戊五'], [zhang, SCRIPT]])
  one.agent('add', items, 'member', `name=${name}`, 'relation=30', 'id_type=1', 'id_no=440524188001010014', 'health=10');
for (const id of [families[1], families[3]])
  zhang.agent('set', id, `home/hukou_no=${id === families[1] ? '430626101' : '430626201'}`);
together();

const desk = new DeskPages(county, 'decide');
await desk.start();
let page;
const card = (name) => page.locator('.question-card').filter({ hasText: name }).first();
async function go(record) {
  const address = `${county.console}/#/conflicts/${record}`;

  if (page.url() === address) await page.reload();
  else {
    await page.evaluate(() => document.getElementById('main').classList.add('left'));
    await page.goto(address);
  }
  await page.locator('main:not(.left) .question-card').first().waitFor();
  const mask = page.getByRole('button', { name: '查看隐去内容' });
  if (await mask.count() === 0) return;
  await mask.click();
  await page.getByRole('dialog').getByLabel(/理由/).fill('裁定需要');
  await page.getByRole('dialog').getByRole('button', { name: '查看', exact: true }).click();
  await mask.waitFor({ state: 'detached' });
}
// Chooses, says why, decides; the question is gone afterwards.
async function decide(question, choose, button) {
  const count = await page.locator('.question-card').count();
  await choose();
  await question.getByLabel(/裁定理由/).fill('已核实');
  await question.getByRole('button', { name: button }).last().click();
  await page.waitForFunction((n) => document.querySelectorAll('.question-card').length < n, count);
}

await desk.run({
  async removed() {
    page = await desk.open('zhao');
    await go(removed);
    ok(await page.locator('.question-card').count() === 2, 'what was removed and edited at once is asked, each');
    await desk.look(page, 'removed');
    let question = card('甲一');
    await decide(question, () => question.locator('.column').filter({ hasText: '甲一改' }).getByRole('button', { name: '保留这一份' }).click(), /保留/);
    question = card('乙二');
    await decide(question, () => question.locator('.column').filter({ hasText: '（已删除）' }).getByRole('button', { name: '保留这一份' }).click(), /确认删除/);
    together();
    ok(answers(zhang, removed, 'name').join().includes('甲一改') && !answers(zhang, removed, 'name').join().includes('乙二'),
      'the tablets have the one and not the other', answers(zhang, removed, 'name').join());
  },
  async sameItems() {
    await go(items);
    const before = answers(wang, items, 'relation').length;
    await desk.look(page, 'same-items');
    let question = card('丁四');
    await decide(question, () => question.getByRole('button', { name: '是同一个', exact: true }).click(), '是同一个');
    question = card('戊五');
    await decide(question, () => question.getByRole('button', { name: '不是同一个', exact: true }).click(), '不是同一个');
    together();
    ok(answers(zhang, items, 'relation').length === before - 1, 'two that are one are one, two that are two stay',
      answers(zhang, items, 'name').join());
  },
  async sameFamilies() {
    for (const [second, same] of [[families[1], true], [families[3], false]]) {
      await go(second); // the one that came to be like the other
      const question = page.locator('.question-card').first();
      await question.getByText('另一条记录').waitFor();
      await desk.look(page, same ? 'same-families' : 'different-families');
      await decide(question, () => question.getByRole('button', { name: same ? '是同一个' : '不是同一个', exact: true }).click(),
        same ? '是同一个' : '不是同一个');
    }
    const kinds = JSON.parse(county.syncd('conflicts', '--json')).filter((one) => families.includes(one.id)).map((one) => one.kind);
    ok(kinds.length === 0, 'families that may be one are decided, too', kinds.join());
  },
  async soft() {
    await go(rules[0]);
    await desk.look(page, 'soft');
    let question = page.locator('.question-card').first();
    await decide(question, () => question.getByRole('button', { name: '就这样保留' }).click(), /就这样保留/);
    wang.agent('set', rules[1], 'head/name=卫规则');
    together();
    const left = JSON.parse(county.syncd('conflicts', '--json')).filter((one) => rules.includes(one.id));
    ok(left.length === 0, 'no rule is broken any more, or it was accepted so', JSON.stringify(left));
  },
  async fourEyes() {
    for (const [one, name] of [[wang, '蒋一'], [zhang, '蒋二']]) {
      one.agent('set', own, `head/name=${name}`);
      one.agent('sync');
    }
    page = await desk.open('hu');
    await go(own);
    let question = page.locator('.question-card').first();
    await question.getByRole('button', { name: '另填正确的内容' }).click();
    await question.locator('.third input').first().fill('蒋三');
    await question.getByLabel(/裁定理由/).fill('见身份证');
    wang.agent('set', own, 'head/name=蒋四');
    await question.getByRole('button', { name: /另填正确的内容，写明理由/ }).click();
    await page.getByText('没有需要裁定的内容。').waitFor();
    wang.agent('sync');
    await go(own);
    question = page.locator('.question-card').first();
    await question.getByText('其中一方是您填写的，须由他人裁定。').waitFor();
    ok(await question.getByRole('button', { name: '保留这一份' }).count() === 0, 'nobody decides where one side is his own, and is told why');
    await desk.look(page, 'four-eyes');
    page = await desk.open('zhao');
    await go(own);
    question = page.locator('.question-card').first();
    await decide(question, () => question.locator('.column').filter({ hasText: '蒋三' }).getByRole('button', { name: '保留这一份' }).click(), /保留/);
    together();
    ok(answers(zhang, own, 'name').includes('蒋三'), 'somebody else does');
  },
});
await wang.stop();
await zhang.stop();
await desk.end(work);
