// Drives headless Chromium over what ./lab has laid out: JupyterLab, the HTML report, the documentation.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { check, close } from './check.mjs';
import { serve } from './server.mjs';

const [out, lab, token, site] = process.argv.slice(2);
const WAIT = 180_000;
const CELLS = [
    'import ipthreat.notebook as ti',
    'import ipaddress, pandas\npool = [str(ipaddress.ip_address(2**28 + 7919 * number)) for number in range(150_000)]\n'
        + 'frame = pandas.DataFrame({"src_ip": pool}).ipthreat.enrich("src_ip", progress=True)',
    'result = ti.read_events().ipthreat.assess("src_ip", on=ti.demo_ground())\naxes = result.charts.board()',
    'ti.widgets.policy_sliders(result)',
    'ti.widgets.browser(result)',
];

// A page that writes down what it asks for beyond this machine, and what goes wrong in it.
async function watched(browser) {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1100 } });
    const left = [];
    const errors = [];
    page.on('request', (request) => {
        if (!/^(file|data|blob):|^(http|ws):\/\/127\.0\.0\.1[:/]/.test(request.url())) left.push(request.url());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
    return { page, left, errors };
}

async function report(browser) {
    const { page, left, errors } = await watched(browser);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    const address = pathToFileURL(join(out, 'report', 'actionable.html')).href;
    await page.goto(address);
    check(asked.filter((url) => !url.startsWith('data:')).join() === address, 'the report asks for nothing but itself', asked.join(' ').slice(0, 300));
    check(left.length === 0 && errors.length === 0, 'the report opens without errors', errors.join());
    const pictures = await page.$$eval('img', (found) => found.map((image) => image.complete && image.naturalWidth > 0 && image.alt.length > 20));
    check(pictures.length >= 5 && pictures.every(Boolean), 'every chart of the report is seen, and has words', String(pictures));
    await page.screenshot({ path: join(out, 'report.png'), fullPage: true });
    await page.setViewportSize({ width: 420, height: 900 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(over <= 0, 'the report fits a telephone', `${over} pixels too wide`);
    await page.close();
}

async function documentation(browser) {
    if (!existsSync(join(site, 'index.html'))) {
        console.error('NOT LOOKED AT: the documentation is not built (make docs)');
        return;
    }
    const { server, origin } = await serve([site], () => undefined);
    const names = ['index', 'scoring', 'cookbook', 'architecture', 'sources', 'notebooks/03_actionable_intelligence'];
    for (const name of names) {
        const { page, left, errors } = await watched(browser);
        await page.goto(`${origin}/${name}.html`, { waitUntil: 'networkidle' });
        check(left.length === 0, `documentation, ${name}: nothing is asked of another host`, left.join(' '));
        check(errors.length === 0, `documentation, ${name}: no script fails`, errors.join());
        const broken = await page.$$eval('img', (found) => found.filter((image) => !image.naturalWidth).map((image) => image.src));
        check(broken.length === 0, `documentation, ${name}: every picture is there`, broken.join());
        await page.screenshot({ path: join(out, `docs-${name.replace('/', '-')}.png`), fullPage: name.length < 14 });
        await page.close();
    }
    const { page } = await watched(browser);
    await page.goto(`${origin}/index.html`, { waitUntil: 'networkidle' });
    await page.click('.md-search__input');
    await page.keyboard.type('allow-list', { delay: 50 });
    await page.waitForSelector('.md-search-result__item', { timeout: 20_000 }).catch(() => undefined);
    check((await page.$$('.md-search-result__item')).length > 1, 'documentation: the search finds pages, with no network');
    await page.close();
    server.close();
}

async function reachable() {
    for (let tries = 0; tries < 120; tries += 1) {
        const answered = await fetch(`${lab}/api/status?token=${token}`).then((answer) => answer.ok, () => false);
        if (answered) return true;
        await new Promise((wake) => setTimeout(wake, 500));
    }
    return false;
}

function notebook(cells) {
    const made = cells.map((source, place) => ({ cell_type: 'code', id: `cell-${place}`, metadata: {}, source, outputs: [], execution_count: null }));
    const kernel = { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } };
    return JSON.stringify({ cells: made, metadata: kernel, nbformat: 4, nbformat_minor: 5 });
}

// Opens a notebook and runs all its cells; `meanwhile` looks at the page while they run.
async function executed(browser, name, count, meanwhile = async () => undefined) {
    const { page, left, errors } = await watched(browser);
    await page.goto(`${lab}/lab/tree/${name}.ipynb?token=${token}&reset`);
    await page.waitForSelector('.jp-Notebook .jp-CodeCell', { timeout: WAIT });
    // JupyterLab asks for the kernel where it has not started one by the time it looks.
    const dialog = await page.waitForSelector('.jp-Dialog .jp-mod-accept', { timeout: 6000 }).catch(() => null);
    if (dialog) await dialog.click();
    await page.waitForSelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', { timeout: WAIT });
    await page.click('.lm-MenuBar-itemLabel:text-is("Run")');
    await page.click('.lm-Menu-itemLabel:text-is("Run All Cells")');
    await meanwhile(page);
    await page.waitForFunction(
        (cells) => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].filter((prompt) => /\[\d+\]/.test(prompt.textContent)).length >= cells,
        count, { timeout: WAIT },
    ).catch(() => check(false, `${name}: every cell has run`));
    check((await page.$$('.jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]')).length === 0, `${name}: no cell fails`);
    check(left.length === 0, `${name}: nothing is asked of another host`, left.join(' '));
    check(errors.length === 0, `${name}: no script fails`, errors.join());
    return page;
}

async function jupyterlab(browser) {
    check(await reachable(), 'JupyterLab answers');
    writeFileSync(join(out, 'work', 'seen.ipynb'), notebook(CELLS));
    const page = await executed(browser, 'seen', CELLS.length, async (running) => {
        const bar = await running.waitForSelector('.jp-OutputArea .widget-hprogress, .jp-OutputArea .jupyter-widget-hprogress', { timeout: WAIT }).catch(() => null);
        check(bar !== null, 'a progress bar is seen while addresses are judged');
        await running.waitForTimeout(500);
        await running.screenshot({ path: join(out, 'lab-progress.png') });
    });
    check((await page.$$('.jp-OutputArea-output img')).length >= 1, 'a chart is seen');
    check((await page.$$('.widget-slider, .jupyter-widget-slider')).length >= 2, 'sliders of the policy are seen');
    check((await page.$$('.widget-select, .jupyter-widget-select, .widget-dropdown')).length >= 1, 'the address browser is seen');
    const before = await page.textContent('.jp-CodeCell:nth-of-type(4) .jp-OutputArea').catch(() => '');
    const handle = await page.$('.noUi-handle');
    await handle.focus();
    for (let press = 0; press < 12; press += 1) await page.keyboard.press('ArrowLeft');
    await page.waitForTimeout(3000);
    const after = await page.textContent('.jp-CodeCell:nth-of-type(4) .jp-OutputArea').catch(() => '');
    check(before !== after, 'moving a slider judges anew');
    for (const [place, words] of [[2, 'chart'], [3, 'sliders'], [4, 'browser']]) {
        await (await page.$$('.jp-CodeCell'))[place].scrollIntoViewIfNeeded();
        await page.screenshot({ path: join(out, `lab-${words}.png`) });
    }
    await page.close();
    const third = await executed(browser, '03_actionable_intelligence', 7);
    check((await third.$$('.jp-OutputArea-output img')).length >= 3, 'the third notebook shows its charts');
    await third.screenshot({ path: join(out, 'lab-notebook.png') });
    await third.close();
}

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
});
try {
    await report(browser);
    await documentation(browser);
    await jupyterlab(browser);
} finally {
    await browser.close();
}
process.exitCode = close();
