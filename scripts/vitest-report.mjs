/**
 * Vitest reporter for `gates.mjs`: writes what each test file counted, and how long it took with its hooks, to the
 * file that RSERPOOL_TEST_REPORT names.
 */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

export default class FileReport {
  onTestRunEnd(modules) {
    const file = process.env.RSERPOOL_TEST_REPORT;
    if (file !== undefined) writeFileSync(file, JSON.stringify(modules.map(summaryOf)));
  }
}

function summaryOf(module) {
  const tests = [...module.children.allTests()];
  const { collectDuration, duration } = module.diagnostic();
  const isSkipped = (test) => test.result().state === 'skipped';
  return {
    name: path.relative(process.cwd(), module.moduleId),
    ms: collectDuration + duration,
    isOk: module.ok(),
    passed: tests.filter((test) => test.result().state === 'passed').length,
    failed: tests.filter((test) => test.result().state === 'failed').length,
    skipped: tests.filter(isSkipped).map((test) => test.fullName),
  };
}
