//! Sessions and viewer links: what each opens, until when, and what ends it.

use chrono::{Duration, TimeDelta};
use domain::connector::Role;
use store::sessions::{self, Opened};
use store::{Error, Query, Store, api_keys, viewers};
use testkit::{Db, make};

testkit::each_database! {
    a_session_lasts_twelve_hours,
    a_viewer_link_reads_and_no_more,
    a_pass_ends_with_its_key,
    one_kind_of_pass_is_not_the_other,
    a_viewer_link_is_ended_alone_and_forgotten_after_its_time,
}

async fn opened(store: &Store, secret: &str) -> String {
    match sessions::open(store, secret, make::now()).await.unwrap() {
        Opened::Session(cookie) => cookie,
        Opened::Operator => panic!("a key of a workspace"),
    }
}

async fn a_session_lasts_twelve_hours(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let key = make::key(&db, &tenant, Role::Write).await;
    let cookie = opened(&db.store, key.expose()).await;
    let (last, over) = (make::now() + sessions::LASTS - Duration::seconds(1), sessions::LASTS);
    let session = sessions::resume(&db.store, &cookie, last).await.unwrap();
    assert_eq!(session.tenant.workspace(), tenant.workspace());
    assert_eq!(session.tenant.role(), Role::Write);
    assert_eq!((session.workspace_name.as_str(), session.key_name.as_str()), ("acme", "write key"));
    let ended = sessions::resume(&db.store, &cookie, make::now() + over).await;
    assert!(matches!(ended, Err(Error::NotFound("session"))));
    let again = opened(&db.store, key.expose()).await;
    let other = sessions::resume(&db.store, &again, make::now()).await.unwrap();
    assert_ne!(other.csrf, session.csrf);
}

async fn a_viewer_link_reads_and_no_more(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let rival = make::workspace(&db, "rival").await;
    let connector = make::connector(&db, &tenant).await;
    let key = make::key(&db, &tenant, Role::Admin).await;
    let cookie = opened(&db.store, key.expose()).await;
    let own = sessions::resume(&db.store, &cookie, make::now()).await.unwrap().tenant;
    let (now, until) = (make::now(), make::now() + TimeDelta::days(30));
    let token = viewers::insert(&db.store, &own, Some(connector), until, now).await.unwrap().1;
    let viewer = viewers::resume(&db.store, &token, now).await.unwrap();
    assert_eq!(viewer.tenant.role(), Role::Read);
    assert_eq!(viewer.connector, Some(connector));
    assert_eq!(viewer.ends_at, until);
    assert!(viewers::resume(&db.store, &token, until).await.is_err());

    for too_far in [now, until + TimeDelta::seconds(1)] {
        let refused = viewers::insert(&db.store, &own, None, too_far, now).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })));
    }
    let foreign = make::connector(&db, &rival).await;
    let refused = viewers::insert(&db.store, &own, Some(foreign), until, now).await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
}

async fn a_pass_ends_with_its_key(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let key = make::key(&db, &tenant, Role::Admin).await;
    let cookie = opened(&db.store, key.expose()).await;
    let own = sessions::resume(&db.store, &cookie, make::now()).await.unwrap().tenant;
    let (now, until) = (make::now(), make::now() + TimeDelta::days(1));
    let token = viewers::insert(&db.store, &own, None, until, now).await.unwrap().1;
    viewers::resume(&db.store, &token, now).await.unwrap();
    let id = own.key().unwrap();
    let off = api_keys::Patch { is_active: Some(false), ..api_keys::Patch::default() };
    api_keys::update(&db.store, &tenant, id, off, now).await.unwrap();
    assert!(matches!(sessions::resume(&db.store, &cookie, now).await, Err(Error::NotFound(_))));
    assert!(matches!(viewers::resume(&db.store, &token, now).await, Err(Error::NotFound(_))));
}

async fn one_kind_of_pass_is_not_the_other(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let key = make::key(&db, &tenant, Role::Admin).await;
    let cookie = opened(&db.store, key.expose()).await;
    let now = make::now();
    assert!(viewers::resume(&db.store, &cookie, now).await.is_err());
    let own = sessions::resume(&db.store, &cookie, now).await.unwrap().tenant;
    let token = viewers::insert(&db.store, &own, None, now + TimeDelta::days(1), now).await;
    assert!(sessions::resume(&db.store, &token.unwrap().1, now).await.is_err());
    for nothing in ["", "AAAA", "☃", key.expose()] {
        assert!(sessions::resume(&db.store, nothing, now).await.is_err());
    }
}

async fn a_viewer_link_is_ended_alone_and_forgotten_after_its_time(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let rival = make::workspace(&db, "rival").await;
    let key = make::key(&db, &tenant, Role::Write).await;
    let (store, now, until) = (&db.store, make::now(), make::now() + TimeDelta::days(1));
    let cookie = opened(store, key.expose()).await;
    let own = sessions::resume(store, &cookie, now).await.unwrap().tenant;
    let make = async || viewers::insert(store, &own, None, until, now).await.unwrap();
    let ((one, token), (other, stays)) = (make().await, make().await);
    assert_eq!((one.key, one.key_name.as_str()), (own.key().unwrap(), "write key"));
    let links = async |at| {
        let all = viewers::list(store, &tenant, &Query::default(), at).await.unwrap();
        all.items.into_iter().map(|it| it.0).collect::<Vec<_>>()
    };
    assert_eq!(links(now).await, [other.clone(), one.clone()]);
    for nobody in [
        viewers::delete(store, &rival, one.id, now).await,
        viewers::find(store, &rival, one.id, now).await.map(drop),
        viewers::delete(store, &tenant, one.id, until).await,
    ] {
        assert!(matches!(nobody, Err(Error::NotFound("viewer_link"))));
    }
    viewers::delete(store, &tenant, one.id, now).await.unwrap();
    assert!(viewers::resume(store, &token, now).await.is_err());
    viewers::resume(store, &stays, now).await.unwrap();
    assert_eq!(links(now).await, std::slice::from_ref(&other));
    assert_eq!(links(until).await, []);
    // While its key is off it opens nothing, and says so.
    let id = own.key().unwrap();
    for (is_active, opens) in [(false, false), (true, true)] {
        let switch = api_keys::Patch { is_active: Some(is_active), ..api_keys::Patch::default() };
        api_keys::update(store, &tenant, id, switch, now).await.unwrap();
        assert_eq!(links(now).await[0].is_active, opens);
        assert_eq!(viewers::resume(store, &stays, now).await.is_ok(), opens);
    }
    let later = until + TimeDelta::days(1);
    viewers::insert(store, &own, None, later, until).await.unwrap();
    assert_eq!(db.number("select count(*) from viewer_links").await, 1);
    api_keys::delete(store, &tenant, id, until).await.unwrap();
    assert_eq!(links(until).await, []);
}
