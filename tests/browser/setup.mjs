// The setup page in Chromium against the stand-in: create, overwrite, test, bad key, no capability, handler down.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './check.mjs';
import { FORM_KEY } from './splunk.mjs';

const GOOD = 'canary-good-1f2e3d';
const NEWER = 'canary-good-newer-9a8b';
const BAD = 'canary-bad-77aa';

// What Splunk makes of the view: its HTML part, with the script and the style that it names.
export function pageOf(view) {
    const xml = readFileSync(view, 'utf8');
    const html = /<html>([\s\S]*)<\/html>/.exec(xml)[1];
    return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Set up</title><link rel="stylesheet" href="/setup.css">
      <style>:root { color-scheme: light dark } body { font: 14px sans-serif; margin: 24px } .dark { background: #171d21; color: #fff }</style></head>
      <body>${html}<script>history.replaceState(null, '', '/en-US/app/ipthreat/setup')</script><script src="/setup.js"></script></body></html>`;
}

class Visit {
    constructor(page, folder, splunk) {
        Object.assign(this, { page, folder, splunk });
    }

    form(id) {
        return this.page.locator(`#ipthreat-form-${id}`);
    }

    async press(id, name) {
        await this.form(id).getByRole('button', { name, exact: true }).click();
        await this.page.waitForFunction(() => ![...document.querySelectorAll('.ipthreat-said')].some((line) => line.textContent === 'Working…'));
    }

    said() {
        return this.page.locator('.ipthreat-said').allTextContents().then((lines) => lines.filter(Boolean).join(' | '));
    }

    shot(name) {
        return this.page.screenshot({ path: join(this.folder, 'shots', `setup-${name}.png`), fullPage: true });
    }
}

export async function setupPage(browser, origin, folder, splunk, view) {
    writeFileSync(join(folder, 'pages', 'setup.html'), pageOf(view));
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    const page = await context.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const visit = new Visit(page, folder, splunk);
    await page.goto(`${origin}/en-US/app/ipthreat/setup`);
    await page.waitForSelector('#ipthreat-form-virustotal', { state: 'attached' });
    for (const step of [first, created, overwritten, works, refused, moved, shared, destinations, unsaved, narrow]) await step(visit);
    await secretsStay(visit);
    await down(visit, origin);
    await forbidden(visit, origin);
    check(errors.length === 0, 'the setup page has no page error', errors.join(' | '));
    await context.close();
}

async function first(visit) {
    const text = await visit.page.innerText('#ipthreat-setup');
    for (const word of ['VirusTotal', 'no key', 'needs no key', 'Proxy', 'CA bundle', 'Budget of a search', 'Policy', 'Allow-list', 'Lists to download', 'Destinations of reports']) {
        check(text.includes(word), `the setup page shows “${word}”`);
    }
    check(text.includes('MISP <b>of ours</b>'), 'what the handler tells is shown as text, not as HTML');
    await visit.shot('first');
}

async function created(visit) {
    const { page, splunk } = visit;
    await page.locator('summary', { hasText: 'VirusTotal' }).click();
    await page.fill('#ipthreat-virustotal-key', GOOD);
    await visit.press('virustotal', 'Save');
    check(splunk.secrets['provider:virustotal'].key === GOOD, 'a key that is entered reaches the handler');
    check((await visit.said()).includes('key is kept'), 'the page says that a key is kept', await visit.said());
    check((await page.inputValue('#ipthreat-virustotal-key')) === '', 'a key that was saved is gone from the page');
    check((await page.innerText('#ipthreat-setup')).includes('431 requests left this day'), 'the page shows what is left of the quota');
    check(splunk.configured, 'Splunk is told that the app is set up');
}

async function overwritten(visit) {
    await visit.page.fill('#ipthreat-virustotal-key', NEWER);
    await visit.press('virustotal', 'Save');
    check(visit.splunk.secrets['provider:virustotal'].key === NEWER, 'a second key replaces the first');
    await visit.press('virustotal', 'Save');
    check((await visit.said()).includes('Nothing was changed'), 'saving without a change sends nothing', await visit.said());
    check(visit.splunk.secrets['provider:virustotal'].key === NEWER, 'an empty field leaves the key as it is');
}

async function works(visit) {
    await visit.press('virustotal', 'Test');
    check((await visit.said()).includes('VirusTotal answers; 431 requests left this day'), 'a test says that the key works', await visit.said());
    await visit.shot('tested');
}

async function refused(visit) {
    await visit.page.fill('#ipthreat-virustotal-key', BAD);
    await visit.press('virustotal', 'Save');
    await visit.press('virustotal', 'Test');
    check((await visit.said()).includes('VirusTotal: auth error, the key is refused'), 'a test says that a key is refused', await visit.said());
    await visit.shot('bad-key');
    await visit.page.fill('#ipthreat-virustotal-key', 'two words');
    await visit.press('virustotal', 'Save');
    check((await visit.said()).includes('key is empty or has spaces in it'), "the handler's sentence is shown", await visit.said());
    await visit.page.fill('#ipthreat-virustotal-key', '');
    await visit.page.locator('summary', { hasText: 'MISP' }).click();
    await visit.press('misp', 'Test');
    check((await visit.said()).includes('misp cannot be tested: it has no key'), 'a test without a key says so', await visit.said());
}

async function moved(visit) {
    await visit.page.fill('#ipthreat-virustotal-quota_day', '900');
    await visit.press('virustotal', 'Save');
    check(Boolean(visit.splunk.secrets['provider:virustotal'].key), 'another limit leaves the key');
    await visit.page.fill('#ipthreat-virustotal-base_url', 'https://vt.example/api');
    await visit.press('virustotal', 'Save');
    check((await visit.said()).includes('the key of virustotal is deleted'), 'another base URL deletes the key, and the page says so', await visit.said());
    check((await visit.page.innerText('#ipthreat-setup')).includes('no key'), 'the page shows that the key is gone');
}

async function shared(visit) {
    await visit.page.fill('#ipthreat-live-proxy', 'https://me:canary-proxy@proxy.example:3128');
    await visit.page.fill('#ipthreat-live-budget', '250');
    await visit.press('live', 'Save');
    check(visit.splunk.values.live.budget === '250', 'a budget reaches the handler');
    check((await visit.page.getAttribute('#ipthreat-live-proxy', 'placeholder')).includes('***@proxy.example'), 'a proxy is shown without its password');
    await visit.page.selectOption('#ipthreat-settings-default_mode', 'cached');
    await visit.page.fill('#ipthreat-settings-allowlist', 'our_scanners');
    await visit.press('settings', 'Save');
    check(visit.splunk.values.settings.default_mode === 'cached', 'the default mode reaches the handler');
    check(visit.splunk.values.settings.allowlist === 'our_scanners', 'the allow-list reaches the handler');
    await visit.page.fill('#ipthreat-feeds-names', 'ipsum, feodo');
    await visit.press('feeds', 'Save');
    check(visit.splunk.values.feeds.names === 'ipsum, feodo', 'the feeds reach the handler');
}

async function destinations(visit) {
    await visit.page.fill('#ipthreat-new-destination', 'Bad Name');
    await visit.press('new-destination', 'Add');
    check((await visit.said()).includes('A name begins with a small letter'), 'a name that no alert could choose is refused', await visit.said());
    await visit.page.fill('#ipthreat-new-destination', 'soc');
    await visit.page.selectOption('#ipthreat-new-kind', 'slack');
    await visit.page.fill('#ipthreat-new-url', 'https://hooks.example/canary-hook');
    await visit.press('new-destination', 'Add');
    check(visit.splunk.secrets['destination:soc']?.url === 'https://hooks.example/canary-hook', 'the URL of a destination reaches the handler');
    check(visit.splunk.values['destination:soc']?.kind === 'slack', 'the kind of a destination reaches the handler');
    await visit.shot('full');
    await visit.press('destination-soc', 'Delete');
    check(!visit.splunk.values['destination:soc'], 'a destination can be deleted');
}

async function unsaved(visit) {
    await visit.page.fill('#ipthreat-delivery-indexes', 'summary');
    await visit.page.fill('#ipthreat-live-timeout', '30');
    await visit.press('live', 'Save');
    check((await visit.page.inputValue('#ipthreat-delivery-indexes')) === 'summary', 'what was entered elsewhere stays when a part is saved');
}

async function narrow(visit) {
    await visit.page.evaluate(() => document.body.classList.add('dark'));
    await visit.page.setViewportSize({ width: 600, height: 900 });
    const wide = await visit.page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= 600, 'a narrow window needs no sideways scrolling', String(wide));
    await visit.shot('narrow-dark');
}

async function secretsStay({ page, splunk }) {
    const held = await page.evaluate(() => document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((input) => input.value).join());
    check(!/canary/.test(held), 'no secret is anywhere in the page');
    check((await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))) === '{}', 'the page stores nothing in the browser');
    const posts = splunk.calls.filter(({ method }) => method === 'POST');
    check(posts.length > 10 && posts.every(({ formKey }) => formKey === FORM_KEY), 'every change carries the form key');
    check(splunk.calls.every(({ path }) => !path.includes('canary')), 'no secret is in a URL');
    const prefix = 'servicesNS/nobody/ipthreat/ipthreat/';
    const elsewhere = splunk.calls.filter(({ path }) => !path.startsWith(prefix) && path !== 'services/apps/local/ipthreat');
    check(elsewhere.length === 0, "the page talks to the app's handlers alone", JSON.stringify(elsewhere));
}

async function down(visit, origin) {
    visit.splunk.down = true;
    await visit.page.goto(`${origin}/en-US/app/ipthreat/setup`);
    await visit.page.waitForSelector('[role=alert]');
    check((await visit.page.innerText('[role=alert]')).includes("The app's handler does not answer (HTTP 503)"), 'the page says that the handler is down');
    await visit.shot('handler-down');
    visit.splunk.down = false;
    await visit.page.getByRole('button', { name: 'Try again' }).click();
    await visit.page.waitForSelector('#ipthreat-form-virustotal', { state: 'attached' });
    check(true, 'trying again shows the settings');
}

async function forbidden(visit, origin) {
    visit.splunk.role = 'user';
    await visit.page.goto(`${origin}/en-US/app/ipthreat/setup`);
    await visit.page.waitForSelector('[role=alert]');
    check((await visit.page.innerText('[role=alert]')).includes('ipthreat_admin'), 'who lacks the capability is told which it is');
}
