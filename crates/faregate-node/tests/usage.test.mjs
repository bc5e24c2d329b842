import { usage } from "../../../tests/javascript/usage.mjs";
import * as faregate from "../index.js";

usage(faregate, true);
