import { createRequire } from 'node:module';

// the rules that Salesforce recommends for Lightning web components
const recommended = createRequire(import.meta.url)('@salesforce/eslint-config-lwc/recommended');

export default [
    ...recommended,
    {
        files: ['**/__tests__/**/*.js'],
        languageOptions: {
            globals: { jest: 'readonly', describe: 'readonly', it: 'readonly', expect: 'readonly', afterEach: 'readonly', beforeEach: 'readonly', process: 'readonly' }
        },
        rules: { '@lwc/lwc/no-unexpected-wire-adapter-usages': 'off' }
    }
];
