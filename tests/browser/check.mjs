// Counts what holds and what does not; a failure is told at once and makes the run fail at its end.
let passed = 0;
let failed = 0;

export function check(holds, statement, detail = '') {
    if (holds) {
        passed += 1;
        return;
    }
    failed += 1;
    console.error(`FAILED ${statement}${detail ? `: ${detail}` : ''}`);
}

export function close() {
    console.log(`${passed} passed, ${failed} failed`);
    return failed ? 1 : 0;
}
