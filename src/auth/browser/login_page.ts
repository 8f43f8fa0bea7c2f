/** How an element of the login page may be found, best first. */
export interface ElementSpec {
  /** ARIA roles, together with `texts`. */
  readonly roles: readonly string[];
  /** Visible texts, labels or placeholders; letter case ignored. */
  readonly texts: readonly string[];
  /** CSS selectors, tried after roles and texts. */
  readonly selectors: readonly string[];
}

/** Signs that the page shows something: texts as regular expressions (letter case ignored), and CSS selectors. */
interface PageSigns {
  readonly texts: readonly string[];
  readonly selectors: readonly string[];
}

/** What the browser login has to know of the web app. Plain data from whoever knows the service. */
export interface LoginPage {
  /** Path below the web app's address. */
  readonly path: string;
  /** The localStorage key under which the web app keeps its token. */
  readonly tokenKey: string;
  /** Opens the login. */
  readonly loginButton: ElementSpec;
  /** Chooses the login with an email. */
  readonly emailChoice: ElementSpec;
  readonly emailField: ElementSpec;
  readonly passwordField: ElementSpec;
  readonly submitButton: ElementSpec;
  /** Where the page says what is wrong. */
  readonly errorMessage: ElementSpec;
  /** Texts of a refused email or password, as regular expressions, letter case ignored. */
  readonly wrongCredentials: readonly string[];
  readonly captcha: PageSigns;
  readonly secondFactor: PageSigns;
  /** Takes a banner away that lies over the page. */
  readonly dismiss?: ElementSpec;
}

/** The banners of most sites, where the page's data name none. */
export const USUAL_DISMISS: ElementSpec = {
  roles: ["button", "link"],
  texts: [
    "Accept all",
    "Accept all cookies",
    "Accept cookies",
    "Accept",
    "Allow all",
    "I agree",
    "Agree",
    "Got it",
    "OK",
    "Close",
  ],
  selectors: [],
};
