//! Words that say what a tool does, and words that say nothing of what it does it to.

/// Whether a word is in a list.
pub(super) fn among(list: &str, word: &str) -> bool {
    // Asked thousands of times for a large catalogue, so without splitting the list.
    let bytes = list.as_bytes();
    let is_edge = |at: Option<&u8>| at.is_none_or(|it| *it == b' ');
    !word.is_empty()
        && list.match_indices(word).any(|(at, _)| {
            let before = at.checked_sub(1).and_then(|it| bytes.get(it));
            is_edge(before) && is_edge(bytes.get(at + word.len()))
        })
}

pub(super) const LISTS: &str =
    "list search query find browse overview all export index enumerate lookup recent print";
pub(super) const READS: &str = "get read fetch retrieve show view load return extract pull see obtain gets \
    display";

/// Change something wherever they stand in a name.
pub(super) const CHANGES: &str = "create update delete remove send add edit modify patch write upload cancel void approve \
    archive assign merge convert finalize validate unlink rename reconcile insert upsert \
    replace append clear reset attach detach enable disable invite revoke submit trigger \
    restore duplicate unarchive apply resend unfreeze lock unlock deactivate activate \
    terminate unsplit untrust publish unpublish migrate rotate dml";

/// Do something else than list where a name begins with them; elsewhere they are nouns:
/// `list_record`, `draft_list`.
pub(super) const ACTS: &str = "record store draft label issue charge post link test share schedule star batch build \
    format watch start stop begin count check register trash set put pay bulk close copy \
    compare describe summarize preview run execute confirm analyze calculate parse classify \
    suggest move sync import mark make manage save compose reply forward unlabel subscribe \
    refresh generate download commit freeze initialize book split trust accept reject \
    decline propose block claim review connect disconnect track untrack stage open ingest \
    upgrade verify sign scan wait capture refund reverse collect dispatch configure fix \
    prepare request authorize authenticate login logout help debug ping estimate compute \
    complete aggregate group diff sum";

/// Of those, the ones that are as often a noun.
pub(super) const THINGS: &str = "record store draft label issue charge post link test schedule star batch format watch check \
    register book claim review block stage import order";

/// Prepositions: what follows narrows the object.
pub(super) const ENDS: &str = "for by of in from to with on since between under within across per via using and or that \
    which matching where filtered sorted pro par mit into at based as whose when if";

/// End the object in a sentence; in a name they may stand before it.
pub(super) const STOPS: &str = "linked related optionally associated belonging currently stored held including such like e \
    without sent visible accessible known available you this configured defined connected \
    registered used issued found received including stored via plus";

/// Say nothing of the object.
pub(super) const FILLERS: &str = "the a an all my your our every each available existing api v1 v2 v3 v4 tool exact full \
    complete paginated saved recent multiple les der la le data list records record their s \
    latest specific single curated new stored table tables many one only main current own any \
    both some basic filtered page pages json raw mcp connected";

/// Lead to the verb of a description.
pub(super) const LEADS: &str = "purpose this tool use used to for can be you lets allows allow call when readonly only \
    the a an will is function endpoint returns ability enables let me us user users \
    efficiently quickly easily simply safe safely step first primary";

/// After the verb: `get details of`, `get a list of`.
pub(super) const MEASURES: &str = "list lists detail details information info page summary number set overview collection \
    metadata array";

/// Tools that count or judge records do not list them.
pub(super) const SUMS: &str = "analysis analytics report reports forecast stats statistics trend trends breakdown insight \
    insights health aging ageing count counts schema anomalies suggestions";
