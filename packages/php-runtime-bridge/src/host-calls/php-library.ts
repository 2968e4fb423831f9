/** Where the library is in the file system that PHP sees. */
export const LIBRARY_PATH = '/internal/shared/interpeer.php'
/**
 * The function below everything else: php-wasm's `post_message_to_js`, which the kernel gives this name (of no more letters) before PHP starts.
 * It takes one message and returns the answer. Scripts can call it too: it does no more for them than the functions here.
 */
export const HOST_FUNCTION = 'interpeer\\host'
export const NATIVE_HOST_FUNCTION = 'post_message_to_js'

/** What a slot of its own runs: the script, in the global scope, like an include whose value counts. */
export const CHILD_PATH = '/internal/shared/child.php'
export const phpChild = `<?php
$args = Interpeer\\Internal\\given();
Interpeer\\Internal\\call('returned', serialize(require Interpeer\\Internal\\call('script')[0]));
`

/** What runs a script for an event of the group: a timer, or an answer to an outbox request. */
export const EVENT_PATH = '/internal/shared/event.php'
export const phpEvent = `<?php
$args = Interpeer\\Internal\\given();
require Interpeer\\Internal\\call('script')[0];
`

/**
 * The PHP side of host calls: what `stubs/interpeer.php` documents, in as little PHP as can be. Types are checked here, by PHP; all else by the
 * runtime, which answers what to throw.
 */
export const phpLibrary = String.raw`<?php
namespace Interpeer {

class SlotExhausted extends \Error { public ?string $script = null; public string $output = ''; }
class MemoryExhausted extends \Error { public ?string $script = null; public string $output = ''; }
class ScriptFailed extends \RuntimeException { public ?string $script = null; public string $output = ''; public string $reason = ''; }
class NoFreeSlot extends \RuntimeException {}
class Unsupported extends \RuntimeException {}

final class Job {
    public function __construct(public readonly string $id, public readonly string $account, public readonly int $step) {}
}

function job(): Job { [$id, $account, $step] = Internal\call('job'); return new Job($id, $account, (int) $step); }
function balance(): string { return Internal\call('balance')[0]; }
function content(string $cid): string { return Internal\call('content', $cid)[0]; }
function pay(string $account, int|string $amount): void { Internal\call('pay', $account, (string) $amount); }
function after(int $seconds, string $script, array $args = [], ?string $name = null): void {
    Internal\call('after', (string) $seconds, $script, \serialize($args), $name ?? '');
}
function run(string $script, array $args = [], int $slots = 1): mixed {
    [$result, $output] = Internal\call('run', $script, \serialize($args), (string) $slots);
    echo $output;
    return \unserialize($result, ['allowed_classes' => false]);
}
function outbox(array $request): string {
    [$kind, $known] = isset($request['url'])
        ? ['http', ['method' => 'GET', 'url' => '', 'answerTo' => '', 'body' => '', 'headers' => []]]
        : ['mail', ['to' => '', 'subject' => '', 'answerTo' => '', 'body' => '', 'headers' => []]];
    foreach ($request as $key => $value) {
        if (!isset($known[$key]) || \is_array($value) !== ($key === 'headers') || !\is_scalar($value) && !\is_array($value)) {
            throw Internal\calledFrom(new \ValueError('Interpeer\outbox(): Argument #1 ($request) takes no ' . \var_export((string) $key, true) . ' of this type'));
        }
        $known[$key] = $value;
    }
    $headers = [];
    foreach ($known['headers'] as $name => $values) {
        foreach ((array) $values as $value) \array_push($headers, (string) $name, (string) $value);
    }
    unset($known['headers']);
    return Internal\call('outbox', $kind, ...\array_map('strval', \array_values($known)), ...$headers)[0];
}
}

// PHP's own is switched off: there is nobody to hand a mail to but the group.
namespace {
function mail(string $to, string $subject, string $message, array|string $additional_headers = [], string $additional_params = ''): bool {
    try {
        $headers = \is_array($additional_headers) ? $additional_headers : \Interpeer\Internal\headersIn($additional_headers);
        \Interpeer\outbox(['to' => $to, 'subject' => $subject, 'headers' => $headers, 'body' => $message]);
        return true;
    } catch (\Interpeer\Unsupported | \ValueError | \OverflowException $e) {
        \trigger_error('mail(): ' . $e->getMessage(), E_USER_WARNING);
        return false;
    }
}
}

namespace Interpeer\Internal {

function headersIn(string $lines): array {
    $headers = [];
    foreach (\explode("\n", \preg_replace('/\r?\n[ \t]+/', ' ', \trim($lines))) as $line) {
        if (\preg_match('/^([^:\s]+):\s*(.*?)\s*$/', $line, $parts)) $headers[$parts[1]][] = $parts[2];
    }
    return $headers;
}

function call(string ...$fields): array {
    $message = '';
    foreach ($fields as $field) $message .= \strlen($field) . ':' . $field;
    $answer = \Interpeer\host($message) ?? throw new \Error('Interpeer: there is no memory for an answer');
    $parts = [];
    for ($at = 0, $end = \strlen($answer); $at < $end; $at = $colon + 1 + $length) {
        $colon = \strpos($answer, ':', $at);
        $length = (int) \substr($answer, $at, $colon - $at);
        $parts[] = \substr($answer, $colon + 1, $length);
    }
    $type = \array_shift($parts);
    if ($type === 'ok') return $parts;
    throw calledFrom(match ($type) {
        'ValueError' => new \ValueError($parts[0]),
        'OverflowException' => new \OverflowException($parts[0]),
        'Unsupported' => new \Interpeer\Unsupported($parts[0]),
        'NoFreeSlot' => new \Interpeer\NoFreeSlot($parts[0]),
        'SlotExhausted' => ended(new \Interpeer\SlotExhausted($parts[0]), ...$parts),
        'MemoryExhausted' => ended(new \Interpeer\MemoryExhausted($parts[0]), ...$parts),
        'ScriptFailed' => ended(new \Interpeer\ScriptFailed($parts[0] . $parts[4]), ...$parts),
    });
}

function ended(\Throwable $thrown, string $message, string $script, string $output, string ...$reason): \Throwable {
    [$thrown->script, $thrown->output] = [$script, $output];
    if ($reason) $thrown->reason = $reason[0];
    return $thrown;
}

// For the script of a slot of its own: what it was given. From here on its end is watched.
function given(): array {
    call('loaded');
    \register_shutdown_function(static function (): void {
        $error = \error_get_last();
        if ($error && $error['type'] & (E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR)) call('failed', \substr($error['message'], 0, 4096));
    });
    return \unserialize(call('args')[0], ['allowed_classes' => false]);
}

// As PHP's own functions do: file and line are those of the call.
function calledFrom(\Throwable $thrown): \Throwable {
    $frames = \array_filter($thrown->getTrace(), fn (array $frame) => ($frame['file'] ?? __FILE__) !== __FILE__);
    $frame = \reset($frames);
    if ($frame === false) return $thrown;
    $class = $thrown instanceof \Error ? \Error::class : \Exception::class;
    foreach (['file', 'line'] as $place) (new \ReflectionProperty($class, $place))->setValue($thrown, $frame[$place]);
    return $thrown;
}

call('loaded');
}
`
