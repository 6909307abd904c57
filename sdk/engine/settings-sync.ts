import type { EngineSettings } from '../options';

/**
 * Brings settings to the engine one at a time. Changes that come while one is under way are joined, and only the newest
 * is sent: a slider that moves faster than the engine follows does not queue up.
 */
export class SettingsSync {
  #wanted: EngineSettings;
  #inForce: EngineSettings;
  #running: Promise<void> | undefined;

  /**
   * Begins with settings that are in force.
   * @param initial Those settings.
   * @param send Brings settings into force, or throws and leaves the old ones.
   */
  constructor(
    initial: EngineSettings,
    private readonly send: (settings: EngineSettings) => Promise<void>,
  ) {
    this.#wanted = this.#inForce = initial;
  }

  /** The settings as last asked for. */
  get wanted(): EngineSettings {
    return this.#wanted;
  }

  /** Asks for settings; resolves when they, or newer ones, are in force. After an error the ones in force are wanted again. */
  change(settings: EngineSettings): Promise<void> {
    this.#wanted = settings;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#wanted !== this.#inForce) {
      const next = this.#wanted;
      try {
        await this.send(next);
        this.#inForce = next;
      } catch (error) {
        if (this.#wanted !== next) continue; // something newer replaces what failed
        this.#wanted = this.#inForce;
        throw error;
      }
    }
  }
}
