export class Splunk { answer() { return undefined; } }
export async function setupPage() {}
