// The setup page in Chromium over the app's real handlers: create, overwrite, test, bad key, no form key, no capability,
// handler down.
import { join } from 'node:path';
import { check } from './check.mjs';

const GOOD = 'canary-good-1f2e3d';
const NEWER = 'canary-good-newer-9a8b';
const BAD = 'canary-bad-77aa';
const PAGE = '/en-US/app/ipthreat/setup';
const KEY = 'ipthreat:virustotal';

class Visit {
    constructor(page, folder, gateway) {
        Object.assign(this, { page, folder, gateway });
    }

    async open(selector = '#ipthreat-form-virustotal') {
        await this.page.goto(this.gateway.origin + PAGE);
        await this.page.waitForSelector(selector, { state: 'attached' });
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

export async function setupPage(browser, folder, gateway) {
    const context = await gateway.visitor(browser, 'admin', { viewport: { width: 1200, height: 900 } });
    const page = await context.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const visit = new Visit(page, folder, gateway);
    await visit.open();
    for (const step of [first, created, overwritten, works, refused, moved, shared, destinations, unsaved, hostile, narrow]) await step(visit);
    await secretsStay(visit);
    await withoutFormKey(visit, context);
    await down(visit);
    await context.close();
    await forbidden(browser, folder, gateway);
    check(errors.length === 0, 'the setup page has no page error', errors.join(' | '));
}

async function first(visit) {
    const text = await visit.page.innerText('#ipthreat-setup');
    for (const word of ['VirusTotal', 'no key', 'needs no key', 'Proxy', 'CA bundle', 'Budget of a search', 'Policy', 'Allow-list', 'Lists to download', 'Destinations of reports']) {
        check(text.includes(word), `the setup page shows “${word}”`);
    }
    const count = await visit.page.locator('[id^=ipthreat-form-]').count();
    check(count > 20, 'every provider, every section and the new destination has a form', String(count));
    check(!(await visit.gateway.state()).configured, 'looking at the page does not count as setting up');
    await visit.shot('first');
}

async function created(visit) {
    const { page, gateway } = visit;
    await page.locator('summary', { hasText: 'VirusTotal' }).click();
    await page.fill('#ipthreat-virustotal-key', GOOD);
    await visit.press('virustotal', 'Save');
    check((await gateway.secret(KEY)) === GOOD, 'a key that is entered is in storage/passwords');
    check((await visit.said()).includes('key is kept'), 'the page says that a key is kept', await visit.said());
    check((await page.inputValue('#ipthreat-virustotal-key')) === '', 'a key that was saved is gone from the page');
    check((await page.innerText('#ipthreat-setup')).includes('500 requests left this day'), 'the page shows what is left of the quota');
    check((await gateway.state()).configured, 'Splunk is told that the app is set up');
}

async function overwritten(visit) {
    await visit.page.fill('#ipthreat-virustotal-key', NEWER);
    await visit.press('virustotal', 'Save');
    check((await visit.gateway.secret(KEY)) === NEWER, 'a second key replaces the first');
    await visit.press('virustotal', 'Save');
    check((await visit.said()).includes('Nothing was changed'), 'saving without a change sends nothing', await visit.said());
    check((await visit.gateway.secret(KEY)) === NEWER, 'an empty field leaves the key as it is');
}

async function works(visit) {
    await visit.press('virustotal', 'Test');
    const said = await visit.said();
    check(said.includes('VirusTotal answers') && said.includes('499 requests left this day'), 'a test says that the key works', said);
    await visit.shot('tested');
}

async function refused(visit) {
    await visit.page.fill('#ipthreat-virustotal-key', BAD);
    await visit.press('virustotal', 'Save');
    await visit.press('virustotal', 'Test');
    check((await visit.said()).includes('VirusTotal: auth error, the key was refused'), 'a test says that a key is refused', await visit.said());
    await visit.shot('bad-key');
    await visit.page.fill('#ipthreat-virustotal-key', 'two words');
    await visit.press('virustotal', 'Save');
    check((await visit.said()).includes('key is empty or has spaces in it'), "the handler's sentence is shown", await visit.said());
    check((await visit.gateway.secret(KEY)) === BAD, 'a key that is refused by the handler replaces none');
    await visit.page.fill('#ipthreat-virustotal-key', '');
    await visit.page.locator('summary', { hasText: 'MISP' }).click();
    await visit.press('misp', 'Test');
    check((await visit.said()).includes('misp cannot be tested: it is not configured'), 'a test without a key says so', await visit.said());
}

async function moved(visit) {
    await visit.page.fill('#ipthreat-virustotal-quota_day', '900');
    await visit.press('virustotal', 'Save');
    check(Boolean(await visit.gateway.secret(KEY)), 'another limit leaves the key');
    await visit.page.fill('#ipthreat-virustotal-base_url', 'https://vt.example/api');
    await visit.press('virustotal', 'Save');
    check((await visit.said()).includes('the key of virustotal is deleted'), 'another base URL deletes the key, and the page says so', await visit.said());
    check(!(await visit.gateway.secret(KEY)), 'another base URL deletes the key in storage/passwords');
    check((await visit.page.innerText('#ipthreat-setup')).includes('no key'), 'the page shows that the key is gone');
}

async function shared(visit) {
    await visit.page.fill('#ipthreat-virustotal-key', GOOD);
    await visit.press('virustotal', 'Save');
    await visit.page.fill('#ipthreat-live-proxy', 'http://me:canary-proxy@proxy.example:3128');
    await visit.page.fill('#ipthreat-live-budget', '250');
    await visit.press('live', 'Save');
    const { stanzas, secrets } = await visit.gateway.state();
    check(stanzas.live.budget === '250', 'a budget is in ipthreat.conf');
    check(secrets['ipthreat_proxy:proxy'].includes('canary-proxy') && !JSON.stringify(stanzas).includes('canary'), 'a proxy is a secret and in no .conf file');
    check(!secrets[KEY], 'another proxy deletes every key');
    check((await visit.page.getAttribute('#ipthreat-live-proxy', 'placeholder')).includes('(http://proxy.example:3128)'), 'a proxy is shown without its account');
    await visit.page.selectOption('#ipthreat-settings-default_mode', 'cached');
    await visit.page.fill('#ipthreat-settings-allowlist', 'our_scanners');
    await visit.press('settings', 'Save');
    await visit.page.fill('#ipthreat-feeds-names', 'ipsum, feodo');
    await visit.press('feeds', 'Save');
    const after = (await visit.gateway.state()).stanzas;
    check(after.settings.default_mode === 'cached' && after.settings.allowlist === 'our_scanners', 'mode and allow-list are in ipthreat.conf');
    check(after.feeds.names === 'ipsum, feodo', 'the feeds are in ipthreat.conf');
}

async function destinations(visit) {
    await visit.page.fill('#ipthreat-new-destination', 'Bad Name');
    await visit.press('new-destination', 'Add');
    check((await visit.said()).includes('A name begins with a small letter'), 'a name that no alert could choose is refused', await visit.said());
    await visit.page.fill('#ipthreat-new-destination', 'soc');
    await visit.page.selectOption('#ipthreat-new-kind', 'slack');
    await visit.page.fill('#ipthreat-new-url', 'http://hooks.example/canary-hook');
    await visit.press('new-destination', 'Add');
    check((await visit.said()).includes('https://host/…'), 'a destination of http is refused by the handler', await visit.said());
    await visit.page.fill('#ipthreat-new-url', 'https://hooks.example/canary-hook');
    await visit.press('new-destination', 'Add');
    const made = await visit.gateway.state();
    check(made.secrets['ipthreat_destination:soc'] === 'https://hooks.example/canary-hook', 'the URL of a destination is in storage/passwords');
    check(made.stanzas['destination:soc']?.kind === 'slack', 'the kind of a destination is in ipthreat.conf');
    check((await visit.page.locator('summary', { hasText: 'VirusTotal' }).innerText()).match(/no key/g).length === 1, 'that a key is lacking is said once');
    await visit.shot('full');
    await visit.press('destination-soc', 'Delete');
    const gone = await visit.gateway.state();
    check(!gone.stanzas['destination:soc'] && !gone.secrets['ipthreat_destination:soc'], 'a destination can be deleted, with its URL');
}

async function unsaved(visit) {
    await visit.page.fill('#ipthreat-delivery-indexes', 'summary');
    await visit.page.fill('#ipthreat-live-timeout', '30');
    await visit.press('live', 'Save');
    check((await visit.page.inputValue('#ipthreat-delivery-indexes')) === 'summary', 'what was entered elsewhere stays when a part is saved');
}

// What is entered comes back as text: in a field, or in the handler's sentence.
async function hostile(visit) {
    const text = '<img src=x onerror=alert(1)>';
    await visit.page.fill('#ipthreat-settings-own_networks', text);
    await visit.press('settings', 'Save');
    await visit.page.fill('#ipthreat-live-budget', text);
    await visit.press('live', 'Save');
    check((await visit.page.locator('[data-kind=bad]').count()) > 0, 'a budget that is no number is refused by the handler');
    check((await visit.page.locator('#ipthreat-setup img').count()) === 0, 'what is entered never becomes HTML');
    await visit.page.fill('#ipthreat-live-budget', '250');
}

async function narrow(visit) {
    await visit.page.evaluate(() => document.body.classList.add('dark'));
    await visit.page.setViewportSize({ width: 600, height: 900 });
    const wide = await visit.page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= 600, 'a narrow window needs no sideways scrolling', String(wide));
    await visit.shot('narrow-dark');
}

async function secretsStay({ page, gateway }) {
    const held = await page.evaluate(() => document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((input) => input.value).join());
    check(!/canary/.test(held), 'no secret is anywhere in the page');
    check((await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))) === '{}', 'the page stores nothing in the browser');
    const { calls, form_key: formKey, log, stanzas } = await gateway.state();
    const posts = calls.filter(({ method }) => method === 'POST');
    check(posts.length > 10 && posts.every((call) => call.form_key === formKey), 'every change carries the form key');
    check(calls.every(({ path }) => !path.includes('canary')), 'no secret is in a URL');
    check(log.includes('handler=') && !/canary/.test(log + JSON.stringify(stanzas)), "no secret is in the app's log or in a .conf file");
    const prefix = 'servicesNS/nobody/ipthreat/ipthreat/';
    const elsewhere = calls.filter(({ path }) => !path.startsWith(prefix) && !path.startsWith('services/apps/local/ipthreat'));
    check(elsewhere.length === 0, "the page talks to the app's handlers alone", JSON.stringify(elsewhere));
}

async function withoutFormKey(visit, context) {
    await visit.open();
    await context.clearCookies({ name: /^splunkweb_csrf_token/ });
    await visit.page.locator('summary', { hasText: 'VirusTotal' }).click();
    await visit.page.fill('#ipthreat-virustotal-key', 'canary-planted');
    await visit.press('virustotal', 'Save');
    check((await visit.said()).includes('CSRF validation failed'), 'a change without the form key is refused', await visit.said());
    check(!(await visit.gateway.secret(KEY)), 'a change without the form key changes nothing');
}

async function down(visit) {
    const { gateway, page } = visit;
    await gateway.act('handler-down');
    await visit.open('[role=alert]');
    check((await page.innerText('[role=alert]')).includes("the handler's process ended"), 'the page says that the handler is down', await page.innerText('[role=alert]'));
    await visit.shot('handler-down');
    await gateway.act('splunkd-away');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForFunction(() => document.querySelector('[role=alert]')?.textContent.includes('HTTP 503'));
    check(true, 'the page says that splunkd does not answer');
    await gateway.act('splunkd-back');
    await gateway.act('handler-up');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForSelector('#ipthreat-form-virustotal', { state: 'attached' });
    check(true, 'trying again shows the settings');
}

async function forbidden(browser, folder, gateway) {
    const context = await gateway.visitor(browser, 'analyst');
    const visit = new Visit(await context.newPage(), folder, gateway);
    await visit.open('[role=alert]');
    const said = await visit.page.innerText('[role=alert]');
    check(said.includes('ipthreat_admin'), 'who lacks the capability is told which it is', said);
    await visit.shot('forbidden');
    await context.close();
}
