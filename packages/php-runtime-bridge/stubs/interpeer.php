<?php

/**
 * What PHP has on Interpeer beside PHP itself. This file is for editors and static analysers: put it where yours looks for stubs, never include it. On
 * Interpeer all of it is there without being loaded; elsewhere `function_exists('Interpeer\job')` is false.
 *
 * Everything that a script is told here is agreed: each member of the peer-group that runs it is told the same. What it asks for is done once the
 * group agreed on the whole answer, and not at all when the request is refused, stopped or broken off (an answer with the header `Interpeer-Error`). A
 * request that ends in a PHP error, or in an exception that nobody caught, keeps what it asked for before, as it keeps what it wrote.
 *
 * Amounts are whole numbers of the smallest unit, a billionth of a coin, as decimal text: they may be larger than PHP's integers. `bcadd`, `bccomp` and
 * their like calculate with them.
 */

namespace Interpeer;

/**
 * The work of one's slots is used up.
 *
 * Thrown by `run()` when the script that it ran used up its slots. Also thrown in a script that used up its own, wherever it is at that moment: there is a
 * little left to deal with it (a tenth), then the script is stopped and nothing that it did counts. `$script` tells the two apart.
 */
class SlotExhausted extends \Error
{
    /** The script that `run()` ran, relative to the site; null where it is the one that runs now. */
    public ?string $script = null;
    /** What that script had printed. */
    public string $output = '';
}

/** The script that `run()` ran needed more memory than its slots have. */
class MemoryExhausted extends \Error
{
    /** That script, relative to the site. */
    public ?string $script = null;
    /** What it had printed. */
    public string $output = '';
}

/** The script that `run()` ran did not end well. The message tells what PHP said. */
class ScriptFailed extends \RuntimeException
{
    /** That script, relative to the site. */
    public ?string $script = null;
    /** What it had printed. */
    public string $output = '';
    /**
     * @var ''|'FATAL_ERROR'|'EXITED'|'STACK_EXHAUSTED'|'RESPONSE_TOO_LARGE'|'SCRIPT_TRAPPED'|'CHANGES_INVALID'
     *      an error or exception that it did not catch; exit with another status than 0; too deep a recursion; more than 16 MiB printed; PHP itself
     *      broke; it made a path that no site can hold
     */
    public string $reason = '';
}

/** The job has no slots left for `run()`: too few are free, their work is used up, or it was called too often (100 times in a request) or too deep (4). */
class NoFreeSlot extends \RuntimeException
{
}

/** The peers that host this job do not do this. It was not done, and will not be. */
class Unsupported extends \RuntimeException
{
}

/** What is known about the job whose script runs. */
final class Job
{
    /**
     * @param string $id      the job's id, the same for as long as it exists
     * @param string $account the account that pays for the job
     * @param int    $step    counts what the group has agreed on: the step of the state that the request found
     */
    public function __construct(public readonly string $id, public readonly string $account, public readonly int $step)
    {
    }
}

/**
 * The job that this script belongs to.
 *
 * @throws Unsupported where the site runs outside any job
 */
function job(): Job
{
}

/**
 * What this site may pay when the request begins, less what the request pays.
 *
 * It is what the job has in escrow beside what its seats cost for some time to come, as the chain had it when this group was named; so what somebody gives to the site is there a change of a
 * seat or two later. A page that is only read is told what was left after the last write.
 *
 * @return numeric-string units, 0 to 2^64 - 1
 *
 * @throws Unsupported where no balance is known
 */
function balance(): string
{
}

/**
 * The bytes of a piece of content that belongs to the job.
 *
 * A member that lacks them just now gives the request up, and others answer it.
 *
 * @param string $cid a ContentId: `b` and 58 letters and digits
 *
 * @return string at most 16 MiB
 *
 * @throws \ValueError where the text is no ContentId, the content does not belong to the job, or is larger
 * @throws Unsupported where scripts have no content
 */
function content(string $cid): string
{
}

/**
 * Pays from the job's account. The group agrees on it with the whole answer, and the chain moves the coins when the next seat changes, all of one account's at once. The tax of a transfer is taken
 * out of it: who is paid gets that much less. A payment to an account whose owner was banned stays with the job.
 *
 * @param string             $account 64 hexadecimal digits, as `job()->account` is one: a peer's key (`interpeer account show PEER`), or a job's
 * @param int|numeric-string $amount  units, 1 to 2^64 - 1, and no more than `balance()`
 *
 * @throws \ValueError       where an argument is not that: also where there is too little, which the message says
 * @throws \OverflowException beyond 100 effects in one request
 * @throws Unsupported        where this job's hosts do not pay, or no balance is known
 */
function pay(string $account, int|string $amount): void
{
}

/**
 * Runs a script of this site later, as a request of the job's own.
 *
 * @param int         $seconds from the time of this request: 1 to 315,360,000 (ten years)
 * @param string      $script  a file of this site, absolute or from the working directory
 * @param array       $args    null, booleans, numbers, strings and arrays of them, at most 64 deep; no objects, no references; 64 KiB when serialised
 * @param string|null $name    1 to 255 bytes: a timer of the same name takes the place of an earlier one; the script's path if null
 *
 * @throws \ValueError       where an argument is not that
 * @throws \OverflowException beyond 100 effects, or 4 MiB of them, in one request
 * @throws Unsupported        where this job's hosts set no timers
 */
function after(int $seconds, string $script, array $args = [], ?string $name = null): void
{
}

/**
 * Runs a script of this site in slots of its own, and waits for it.
 *
 * It is a script like any other, with PHP as it is before a request: none of the variables, functions and classes of the caller. It has `$args`, and what it
 * returns (`return $x;`, or 1 as with `include`; null after `exit`) is what `run()` returns. What it prints is printed by the caller. Its headers are
 * nobody's. It sees the files as they are now.
 *
 * Whatever happens to it, the caller goes on. If it ends well, what it wrote and asked for (timers, payments, mail) counts as the caller's; if not, none of it
 * does, and an exception says why.
 *
 * A request has as many slots as the site's `interpeer.json` says. Its script may use them all, and lends some of them here: it keeps one at least, must fit
 * into the memory of those that it keeps, and has itself done the work that the other script does.
 *
 * @param string $script a file of this site, absolute or from the working directory
 * @param array  $args   null, booleans, numbers, strings and arrays of them, at most 64 deep; no objects, no references; 1 MiB when serialised
 * @param int    $slots  how many slots it may use: so many times the work and memory of one
 *
 * @return mixed of the same kinds as `$args`
 *
 * @throws SlotExhausted   it used up the work of its slots
 * @throws MemoryExhausted it used up their memory
 * @throws ScriptFailed    it ended in any other bad way
 * @throws NoFreeSlot      it did not run
 * @throws \ValueError     where an argument is not that
 */
function run(string $script, array $args = [], int $slots = 1): mixed
{
}

/**
 * Sends one HTTP request, or one mail, through one member of the group.
 *
 * HTTP has an `url`, mail has a `to`. A header may have a list of values. `answerTo` is a script of this site that gets what came back.
 *
 * @param array{url: string, method?: 'GET'|'HEAD'|'POST'|'PUT'|'PATCH'|'DELETE', headers?: array<string, string|list<string>>, body?: string, answerTo?: string}
 *      |array{to: string, subject?: string, headers?: array<string, string|list<string>>, body?: string, answerTo?: string} $request
 *
 * @return string the key that goes with it, so that the other side can tell a repetition: 64 hexadecimal digits
 *
 * @throws \ValueError       where the request is not that; headers at most 100 and 64 KiB, the body at most 1 MiB
 * @throws \OverflowException beyond 100 effects, or 4 MiB of them, in one request
 * @throws Unsupported        where this job's hosts send nothing
 */
function outbox(array $request): string
{
}
