// Reads every Apex class below a folder with a parser of the language; says where one does not parse, and ends with 1.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApexErrorListener, ApexParserFactory } from '@apexdevtools/apex-parser';

class Listener extends ApexErrorListener {
    constructor(file, found) {
        super();
        this.file = file;
        this.found = found;
    }

    apexSyntaxError(line, column, message) {
        this.found.push(`${this.file}:${line}:${column} ${message}`);
    }
}

const found = [];
const files = readdirSync(process.argv[2], { recursive: true }).filter((name) => name.endsWith('.cls'));
for (const name of files) {
    const file = join(process.argv[2], name);
    const parser = ApexParserFactory.createParser(readFileSync(file, 'utf8'));
    parser.removeErrorListeners();
    parser.addErrorListener(new Listener(file, found));
    parser.compilationUnit();
}
found.forEach((each) => console.error(each));
console.log(`${files.length} Apex classes read, ${found.length} errors.`);
process.exit(found.length > 0 || files.length === 0 ? 1 : 0);
