// test_console_access.mjs: who may be whom at the console, in a real browser: a secret that was reset,
// somebody new and more rights wait for a second pair of eyes, a pollster sees where he was sent to and nothing else, another
// bureau comments.
import fs from 'node:fs';
import { Client } from '../client/client.mjs';
import { TEXT } from '../client/wire.mjs';
import { ConsoleCounty } from './console.mjs';
import { DeskPages, SCRIPT, ok } from './desk_pages.mjs';
import { Tablet, area, folder, send } from './web.mjs';

const work = folder('console-access');
const county = new ConsoleCounty(work);
for (const [role, name] of [['county', 'zhao'], ['county', 'deng'], ['admin', 'sun'], ['pollster', 'he'], ['joint', 'ma']])
  county.add(role, name);
for (const form of ['household', 'task', 'note']) county.publish(form);
fs.writeFileSync(`${work}/names.csv`, '430626,平江县\n430626117,福寿山镇\n430626117205,芦洞村\n');
county.syncd('area', 'names', `${work}/names.csv`, '--reason', 'register');
await county.start();
const wang = new Tablet(county, 'wang', area);
const made = [];
for (const name of ['王桂兰', SCRIPT]) {
  fs.writeFileSync(`${work}/one.json`, JSON.stringify({ head: { name } }));
  made.push(wang.agent('new', 'household', '--area', area, '--draft', '--file', `${work}/one.json`));
}
wang.agent('sync');

const pages = new DeskPages(county, 'console-access');
await pages.start();

await pages.run({
  async reset() {
    const sun = await county.browser('sun');
    await county.browser('zhao');
    const { items } = (await sun.get('/api/people')).json;
    const { secret } = (await sun.post(`/api/people/${items.find((one) => one.name === 'deng').person}/reset`)).json;
    const context = await pages.browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN' });
    const page = await context.newPage();
    await page.goto(county.console);
    await page.getByLabel('姓名').fill('deng');
    await page.getByLabel('口令').fill(secret);
    await page.keyboard.press('Enter');
    await page.getByText(/sun 于 .* 为您设置了新口令/).waitFor();
    await pages.look(page, 'reset-told');
    const own = county.people.deng.secret = 'a new secret of deng';
    await page.getByLabel('当前口令').fill(secret);
    await page.getByLabel('新口令', { exact: true }).fill(own);
    await page.getByLabel('再输一次新口令').fill(own);
    await page.keyboard.press('Enter');
    await pages.heading(page, '今日待办');
    await page.getByText('在另一位管理员或县级审批人确认之前').waitFor();
    await pages.look(page, 'reset-waits');
    await page.goto(`${county.console}/#/records/${made[0]}`);
    await pages.heading(page, '王桂兰');
    await page.getByRole('button', { name: '通过' }).click();
    await page.getByRole('dialog').getByRole('button').last().click();
    await page.getByText('在第二人确认是您本人之前').waitFor();
    ok(true, 'who waits is told so where he tries');

    const second = await pages.open('zhao');
    await second.getByRole('link', { name: /确认新口令/ }).click();
    await pages.heading(second, '确认新口令');
    await pages.look(second, 'reset-confirm');
    await second.getByLabel('理由').fill('电话核实');
    await second.getByRole('button', { name: '确认是本人' }).click();
    await pages.heading(second, '今日待办');
    await second.getByRole('link', { name: /确认新口令/ }).waitFor({ state: 'detached' });
    await page.reload();
    await pages.heading(page, '王桂兰');
    ok(await page.getByText('在另一位管理员或县级审批人确认之前').count() === 0, 'and the person is told nothing more');
    await context.close();
  },
  async rights() {
    const sun = await pages.open('sun');
    const zhao = await pages.open('zhao');
    const person = (name) => sun.getByRole('row', { name });
    await pages.place(sun, '人员');
    await sun.getByRole('button', { name: '添加人员' }).click();
    const adding = sun.getByRole('dialog', { name: '添加人员' });
    await adding.getByLabel('姓名').fill('钱审核');
    await pages.look(sun, 'person-new');
    await adding.getByRole('button', { name: '添加', exact: true }).click();
    await sun.getByRole('button', { name: '已转交' }).click();
    await person('钱审核').getByText('待第二人确认').waitFor();
    await pages.look(sun, 'person-waits');
    await zhao.reload();
    await zhao.getByRole('link', { name: /确认新增人员.*钱审核/ }).click();
    await pages.heading(zhao, '确认新增人员');
    await zhao.getByText('钱审核', { exact: true }).waitFor();
    await pages.look(zhao, 'person-confirm');
    await zhao.getByLabel('理由').fill('当面核实');
    await zhao.getByRole('button', { name: '确认是本人' }).click();
    await pages.heading(zhao, '今日待办');

    await sun.reload();
    await person('钱审核').getByText('尚未首次登录').waitFor();
    await person('钱审核').click();
    const dialog = sun.getByRole('dialog', { name: '钱审核' });
    await dialog.getByLabel('角色').selectOption('county');
    await dialog.getByLabel(/^理由/).fill('县局调入');
    await dialog.getByRole('button', { name: '修改权限' }).click();
    await sun.getByText('已提交，待第二人确认。').waitFor();
    await person('钱审核').getByText('新增权限，待第二人确认').waitFor();
    ok(await person('钱审核').getByText('乡镇审核人').count() === 1, 'until then he is what he was');
    await person('钱审核').click();
    await pages.look(sun, 'rights-wait');
    await zhao.reload();
    await zhao.getByRole('link', { name: /确认新权限.*钱审核/ }).click();
    await pages.heading(zhao, '确认新权限');
    await zhao.getByText(/县级审批 · 平江县/).waitFor();
    await pages.look(zhao, 'rights-confirm');
    await zhao.getByLabel('理由').fill('调令已见');
    await zhao.getByRole('button', { name: '确认此权限' }).click();
    await pages.heading(zhao, '今日待办');
    await zhao.getByRole('link', { name: /确认新权限/ }).waitFor({ state: 'detached' });
    await sun.reload();
    await person('钱审核').getByText('县级审批', { exact: true }).waitFor();
  },
  async pollster() {
    const zhao = await county.browser('zhao');
    for (const id of made) {
      const { items } = (await zhao.get(`/api/records/${id}/workers`)).json;
      await zhao.post(`/api/records/${id}/tasks`, { kind: '6', assignee: items.find((one) => one.role === 'pollster').person,
        due: '2030-01-05', message: '入户抽查' });
    }
    const page = await pages.open('he');
    const places = await page.getByRole('navigation', { name: '主导航' }).getByRole('link').allInnerTexts();
    ok(!places.some((one) => /档案|冲突|日志/.test(one)), 'a pollster has no lists', places.join());
    await pages.look(page, 'pollster-home');
    await page.getByRole('link', { name: /王桂兰/ }).click();
    await pages.heading(page, '王桂兰');
    ok(await page.getByRole('button', { name: '留言' }).count() === 0, 'and says nothing');
    await pages.look(page, 'pollster-record');
    await page.goto(`${county.console}/#/records`);
    await pages.heading(page, '今日待办');
  },
  async sealed() {
    const qian = new Client(county.url);
    await qian.enrol(county.syncd('device', 'invite', '--areas', area, '--name', 'qian', '--person', 'qian'), 'qian');
    await qian.sync();
    const form = qian.form('household');
    const field = form.fields.find((one) => one.name === 'name').number;
    for (const value of ['甲家', '乙家', '丙家']) qian.create(form.id, Number(area), [{ field, type: TEXT, value }]);
    qian.cutOne(qian.life, 2, 3);
    await qian.exchange();
    const page = await pages.open('sun');
    await pages.place(page, '平板');
    const row = page.getByRole('row', { name: 'qian' });
    await row.getByText('缺少前面的更改').waitFor();
    await pages.look(page, 'device-gap');
    await row.getByRole('link').click();
    await page.getByText(/第 1 至 1 号更改尚未到达。其后的 2 项更改/).waitFor();
    await pages.look(page, 'device-gap-told');
    qian.batches = [];
    await qian.sync();
    await page.reload();
    await pages.heading(page, 'qian');
    ok(await page.getByText('尚未到达').count() === 0, 'what was missing has come');
  },
  async tokens() {
    const page = await pages.open('zhao');
    await page.getByRole('link', { name: /zhao/ }).click();
    await pages.heading(page, 'zhao');
    await page.getByRole('button', { name: '授权程序读取' }).click();
    const dialog = page.getByRole('dialog', { name: '授权程序读取' });
    await dialog.getByLabel('用途').fill(SCRIPT);
    await dialog.getByLabel('导出文件').check();
    ok(await dialog.getByLabel('审计查询').count() === 0, 'nobody gives more than he has');
    await dialog.getByLabel('您的口令').fill(county.people.zhao.secret);
    await pages.look(page, 'token-new');
    await dialog.getByRole('button', { name: '生成令牌' }).click();
    const token = await page.getByText(/^ygt_[0-9a-f]{64}$/).innerText();
    await page.getByText('从未使用').waitFor();
    await pages.look(page, 'token-made');
    await page.getByRole('button', { name: '已保存' }).click();
    const answer = await send(county.consolePort, 'GET', '/api/records', { authorization: `Bearer ${token}` });
    ok(answer.json?.items?.length > 0, 'the program reads');
    await page.reload();
    await page.getByText(/最近使用 .*来自 127\.0\.0\.1/).waitFor();
    await pages.look(page, 'tokens-mine');

    const sun = await pages.open('sun');
    await pages.place(sun, '人员');
    await sun.getByText(SCRIPT).waitFor();
    await pages.look(sun, 'tokens-all');
    await sun.getByRole('button', { name: '停用', exact: true }).click();
    await sun.getByRole('dialog').getByLabel(/理由/).fill('不再需要');
    await sun.getByRole('dialog').getByRole('button', { name: '停用', exact: true }).click();
    await sun.getByText('没有授权任何程序。').waitFor();
    ok((await send(county.consolePort, 'GET', '/api/records', { authorization: `Bearer ${token}` })).status === 401, 'no more');
  },
  async joint() {
    const page = await pages.open('ma');
    await page.goto(`${county.console}/#/records/${made[1]}`);
    await page.getByText(SCRIPT).first().waitFor();
    ok(await page.getByRole('button', { name: '查看隐去内容' }).count() === 0, 'another bureau looks behind no mask');
    await pages.look(page, 'joint-record');
  },
});
await pages.end(work);
