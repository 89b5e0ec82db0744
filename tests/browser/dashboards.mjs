// Every dashboard in Splunk's own renderer: light and dark, wide and narrow, with data and with nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { check } from './check.mjs';

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 760, height: 900 } };
const SCHEMES = ['dark', 'light'];
const TEXTS = {
    posture: { full: ['Addresses judged', '45.155.205.233', 'CLOUDRU-AS', 'T1110', '18.236.0.0/15', 'unavailable'], empty: ['Empty: every address is at Monitor'] },
    address_dossier: {
        full: ['18.237.3.202', 'suspicious_user_agent', 'nikto', 'AMAZON-02', 'evidence and own events', 'Threat Report', 'Who else came from 18.236.0.0/15', 'own events: suspicious user agent'],
        alone: ['8.8.8.8', 'evidence alone', 'benign'],
        empty: ['Empty: no address is given above'],
    },
    provider_health: { full: ['crawler-ranges', 'no public API', 'rate_limited', 'virustotal', '92'], empty: ['0: nobody was asked'] },
};

// The definition with rows in place of its searches. Chains become sources of their own.
function filled(definition, rows, ip) {
    const copy = structuredClone(definition);
    for (const source of Object.keys(copy.dataSources)) {
        copy.dataSources[source] = { type: 'ds.test', name: source, options: { data: rows[source], meta: {} } };
    }
    if (copy.inputs.input_ip) copy.inputs.input_ip.options.defaultValue = ip;
    return copy;
}

async function shown(browser, origin, definition, scheme, size) {
    const page = await browser.newPage({ viewport: size });
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${origin}/dashboard.html`);
    await page.evaluate(([given, colours]) => window.showDashboard(given, colours), [definition, scheme]);
    await page.waitForSelector('[data-test="dashboard-viewer"], [data-test*="layout"], canvas, svg', { timeout: 20_000 });
    const height = Math.max(...definition.layout.structure.map(({ position }) => position.y + position.h));
    await page.setViewportSize({ width: size.width, height: height + 130 });
    await page.waitForTimeout(2500);
    return { page, errors, text: await page.evaluate(() => document.body.innerText) };
}

export async function dashboards(browser, origin, folder, only) {
    for (const [name, expected] of Object.entries(TEXTS)) {
        const told = JSON.parse(readFileSync(join(folder, 'rows', `${name}.json`), 'utf8'));
        for (const state of Object.keys(expected)) {
            const ip = { full: '18.237.3.202', alone: '8.8.8.8', empty: '' }[state];
            const definition = filled(told.definition, told[state], ip);
            for (const scheme of SCHEMES) {
                for (const [width, size] of Object.entries(SIZES)) {
                    const label = `${name}-${state}-${scheme}-${width}`;
                    if (only && !label.includes(only)) continue;
                    await oneDashboard(browser, origin, folder, definition, { label, scheme, size, words: expected[state] });
                }
            }
        }
        await valid(browser, origin, name, told.definition);
    }
}

async function oneDashboard(browser, origin, folder, definition, { label, scheme, size, words }) {
    const { page, errors, text } = await shown(browser, origin, definition, scheme, size);
    check(errors.length === 0, `${label} has no page error`, errors.join(' | '));
    for (const word of words) check(text.includes(word), `${label} shows “${word}”`);
    for (const { title } of Object.values(definition.visualizations)) {
        const told = title?.replace('$source$', 'virustotal');
        if (told) check(text.includes(told), `${label} shows the panel “${told}”`);
    }
    await page.screenshot({ path: join(folder, 'shots', `${label}.png`), fullPage: true });
    await page.close();
}

// The schema knows the layout of Splunk 10; the files keep that of Splunk 9, which both render.
async function valid(browser, origin, name, definition) {
    const page = await browser.newPage();
    await page.goto(`${origin}/dashboard.html`);
    const schema = await page.evaluate(() => JSON.parse(JSON.stringify(window.dashboardSchema())));
    await page.close();
    const { type, options, structure, globalInputs } = definition.layout;
    const modern = {
        ...definition,
        layout: { globalInputs, tabs: { items: [{ layoutId: 'only', label: 'only' }] }, layoutDefinitions: { only: { type, options, structure } } },
    };
    const validate = new Ajv({ strict: false, allErrors: true, logger: false, validateFormats: false }).compile(schema);
    const holds = validate(modern);
    check(holds, `${name} is valid by the preset's schema`, JSON.stringify((validate.errors ?? []).slice(0, 5)));
}

// A hostile address in the link to the dossier stays a text: in titles, in links, in the search.
export async function hostile(browser, origin, folder) {
    const told = JSON.parse(readFileSync(join(folder, 'rows', 'address_dossier.json'), 'utf8'));
    const value = '"] | delete ) [x](javascript:alert(1)) <img src=x onerror=window.hacked=1> `m` $index$';
    const { page, errors } = await shown(browser, origin, filled(told.definition, told.empty, value), 'dark', SIZES.wide);
    const state = await page.evaluate(() => ({
        hacked: window.hacked === 1,
        links: [...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href')),
        images: document.querySelectorAll('img[src="x"]').length,
    }));
    const searches = state.links.filter((link) => link.startsWith('search?q='));
    check(errors.length === 0, 'a hostile address makes no page error', errors.join(' | '));
    check(!state.hacked && state.images === 0, 'a hostile address runs nothing');
    check(searches.length === 6, 'a hostile address leaves the six report links as they are', String(state.links));
    check(state.links.every((link) => !/^javascript:/i.test(link)), 'a hostile address makes no link of its own');
    const query = new URLSearchParams(searches[0]?.split('?')[1]).get('q') ?? '';
    const outside = query.replace(/"(?:\\.|[^"\\])*"/g, '');
    check(outside === 'search index=  | ipthreatreport format=threat', 'a hostile address stays inside its quotes in the search', query);
    await page.close();
}
