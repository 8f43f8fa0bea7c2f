import { testDeno } from "../../../support/binary.ts";
import { type TempDir, tempDir } from "../../../support/temp_dir.ts";

const HERE = new URL("./", import.meta.url).pathname;
const ROOT = new URL("../../../../", import.meta.url).pathname;
const IMAGE = "localhost/kosmi-relay";

/** What an image says of itself, as far as the tests look at it. */
export interface ImageFacts {
  readonly user: string;
  readonly env: readonly string[];
  readonly volumes: readonly string[];
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
  /** Paths from the root. */
  readonly files: readonly string[];
  /** Size of all files together. */
  readonly bytes: number;
}

/** A store of images of its own, with buildah: no engine runs, and nothing is pulled. Needs root. */
export class ImageStore implements AsyncDisposable {
  readonly #folder: TempDir;
  readonly #driver: Driver;

  private constructor(folder: TempDir, driver: Driver) {
    this.#folder = folder;
    this.#driver = driver;
  }

  /** With the images that the Dockerfile starts from. */
  static async open(): Promise<ImageStore> {
    const folder = await tempDir("relay-images-");
    const store = new ImageStore(folder, await driverIn(folder));
    try {
      const graph = folder.path;
      await Deno.writeTextFile(
        store.#configPath,
        `[storage]\ndriver = "${store.#driver}"\ngraphroot = "${graph}/graph"\nrunroot = "${graph}/run"\n`,
      );
      await store.#run(`${HERE}base_images.sh`, testDeno(), await denoVersion());
      return store;
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  get #configPath(): string {
    return this.#folder.file("storage.conf");
  }

  /** The variable by which buildah finds this store. */
  get env(): Record<string, string> {
    return { CONTAINERS_STORAGE_CONF: this.#configPath };
  }

  /** Builds a target of the Dockerfile, and makes a container of the image; its name. */
  async build(commit: string, target: "browser" | "minimal"): Promise<string> {
    const denort = Deno.env.get("DENORT_BIN") ?? "";
    await this.buildah(
      ...[
        "bud",
        "--isolation",
        "chroot",
        "--pull-never",
        // What the builds have in common is built once.
        `--layers=${this.#driver === "overlay"}`,
        "--format",
        "docker",
        "--tag",
        IMAGE,
        "--target",
        target,
      ],
      `--build-arg=DENO_VERSION=${await denoVersion()}`,
      `--build-arg=COMMIT=${commit}`,
      ...(denort === "" ? [] : [`--volume=${denort}:/denort:ro`, "--build-arg=DENORT_BIN=/denort"]),
      ROOT,
    );
    const container = (await this.buildah("from", "--pull-never", IMAGE)).trim();
    // buildah mounts a folder of its own for each volume of the image, sometimes over what it was told to mount there.
    await this.buildah("config", "--volume", "/app/data-", container);
    return container;
  }

  /** Of the image, and of the files in one of its containers. */
  async facts(container: string): Promise<ImageFacts> {
    const inspected = JSON.parse(await this.buildah("inspect", "--type", "image", IMAGE));
    const { config } = inspected.Docker;
    return {
      user: config.User,
      env: config.Env,
      volumes: Object.keys(config.Volumes ?? {}),
      entrypoint: config.Entrypoint,
      healthcheck: config.Healthcheck?.Test ?? [],
      ...await this.#filesOf(container),
    };
  }

  async #filesOf(container: string): Promise<{ files: readonly string[]; bytes: number }> {
    const folder = (await this.buildah("mount", container)).trim();
    const list = await this.#run("find", folder, "-type", "f", "-printf", "%P\\t%s\\n");
    await this.buildah("umount", container);
    const rows = list.trimEnd().split("\n").map((line) => line.split("\t"));
    const bytes = rows.reduce((sum, [, size]) => sum + Number(size), 0);
    return { files: rows.map(([path = ""]) => path), bytes };
  }

  buildah(...args: string[]): Promise<string> {
    return this.#run("buildah", ...args);
  }

  async #run(program: string, ...args: string[]): Promise<string> {
    const command = new Deno.Command(program, { args, env: this.env, cwd: this.#folder.path });
    const { success, stdout, stderr } = await command.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (success) return text(stdout);
    throw new Error(
      `Cannot run ${program} ${args[0]}: ${
        [stdout, stderr].map((said) => text(said).slice(-2_000)).join("\n")
      }`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Containers that are mounted, and the folder of all layers, which is a mount of its own.
    await this.buildah("rm", "--all").catch(() => {});
    await this.#run("umount", "--recursive", `${this.#folder.path}/graph/overlay`).catch(() => {});
    await this.#folder.remove();
  }
}

/** How a store keeps layers: one over the other, or, which works everywhere, each a copy of all below it. */
type Driver = "overlay" | "vfs";

async function driverIn(folder: TempDir): Promise<Driver> {
  const places = ["lower", "upper", "work", "merged"].map((name) => folder.file(`try/${name}`));
  for (const place of places) await Deno.mkdir(place, { recursive: true });
  const [lowerdir, upperdir, workdir, merged = ""] = places;
  const options = `lowerdir=${lowerdir},upperdir=${upperdir},workdir=${workdir}`;
  const works = async (program: string, ...args: string[]) =>
    (await new Deno.Command(program, { args, stderr: "null" }).output()).success;
  const canMount = await works("mount", "-t", "overlay", "overlay", "-o", options, merged);
  return canMount && await works("umount", merged) ? "overlay" : "vfs";
}

async function denoVersion(): Promise<string> {
  const { stdout } = await new Deno.Command(testDeno(), {
    args: ["eval", "console.log(Deno.version.deno)"],
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout).trim();
}
