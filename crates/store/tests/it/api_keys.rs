//! Keys: made once, shown once, proven by their hash.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::Duration;
use domain::connector::{Role, Secret};
use domain::id::ApiKeyId;
use store::api_keys::{self, New, Patch};
use store::{Access, Error, Query, Settings, Store, Tenant};
use testkit::{Db, make};

testkit::each_database! {
    a_secret_opens_its_workspace_and_is_not_stored,
    an_operator_key_opens_no_workspace,
    a_wrong_secret_is_unknown,
    an_expired_key_is_unknown_even_when_it_was_proven_before,
    a_key_switched_off_or_deleted_opens_nothing_at_once,
    another_process_learns_of_it_when_its_cache_ends,
    a_stranger_finds_and_changes_no_key,
    the_last_use_is_written_down,
    keys_are_listed_newest_first,
}

fn new(role: Role) -> New {
    New { name: "ci".to_owned(), role, expiration_at: None }
}

async fn tenant_of(store: &Store, secret: &Secret) -> Result<Tenant, Error> {
    match store.authenticate(secret.expose(), make::now()).await? {
        Access::Tenant(tenant) => Ok(tenant),
        Access::Operator(_) => unreachable!("a key of a workspace"),
    }
}

fn unknown<T: std::fmt::Debug>(it: Result<T, Error>) {
    assert!(matches!(it, Err(Error::NotFound("api key"))), "{it:?}");
}

async fn a_secret_opens_its_workspace_and_is_not_stored(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    for role in Role::ALL {
        let made = api_keys::insert(&db.store, &tenant, new(*role), make::now()).await;
        let (key, secret) = made.unwrap();
        assert!(secret.expose().starts_with("wl_live_") && secret.expose().len() == 51);
        assert!(key.masked_key.ends_with(&secret.expose()[47..]), "{}", key.masked_key);
        assert_eq!(key.workspace, Some(tenant.workspace()));
        let proven = tenant_of(&db.store, &secret).await.unwrap();
        assert_eq!((proven.workspace(), proven.role()), (tenant.workspace(), *role));
        assert_eq!(proven.key(), Some(key.api_key_id));
        let found = api_keys::find(&db.store, &tenant, key.api_key_id).await.unwrap();
        assert_eq!((found.role, found.name.as_str(), found.is_active), (*role, "ci", true));
        let text = if db.is_postgres() {
            "api_keys::text"
        } else {
            "name || masked_key || hex(secret_hash)"
        };
        let hidden = &secret.expose()[8..40];
        let sql = format!("select count(*) from api_keys where {text} like '%{hidden}%'");
        assert_eq!(db.number(&sql).await, 0);
    }
}

async fn an_operator_key_opens_no_workspace(db: Db) {
    let operator = db.store.operator();
    let made = api_keys::insert_operator(&db.store, &operator, new(Role::Admin), make::now()).await;
    let (key, secret) = made.unwrap();
    assert_eq!(key.workspace, None);
    let access = db.store.authenticate(secret.expose(), make::now()).await.unwrap();
    assert!(matches!(access, Access::Operator(_)));
    let tenant = make::workspace(&db, "acme").await;
    unknown(api_keys::find(&db.store, &tenant, key.api_key_id).await);
}

async fn a_wrong_secret_is_unknown(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let secret = make::key(&db, &tenant, Role::Admin).await;
    let right = secret.expose();
    let other = format!("wl_live_{}", "A".repeat(43));
    for wrong in ["", "wl_live_", &right[..50], &format!("{right}x"), &right[8..], &other, "💥"] {
        unknown(db.store.authenticate(wrong, make::now()).await);
    }
}

async fn an_expired_key_is_unknown_even_when_it_was_proven_before(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let end = make::now() + Duration::seconds(10);
    let expiring = New { expiration_at: Some(end), ..new(Role::Read) };
    let made = api_keys::insert(&db.store, &tenant, expiring, make::now()).await.unwrap();
    let secret = made.1.expose();
    let before = end - Duration::milliseconds(1);
    assert!(db.store.authenticate(secret, before).await.is_ok());
    unknown(db.store.authenticate(secret, end).await);
}

async fn a_key_switched_off_or_deleted_opens_nothing_at_once(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    for delete in [false, true] {
        let made = api_keys::insert(&db.store, &tenant, new(Role::Read), make::now()).await;
        let (key, secret) = made.unwrap();
        assert!(tenant_of(&db.store, &secret).await.is_ok());
        if delete {
            api_keys::delete(&db.store, &tenant, key.api_key_id, make::now()).await.unwrap();
            unknown(api_keys::find(&db.store, &tenant, key.api_key_id).await);
            unknown(api_keys::delete(&db.store, &tenant, key.api_key_id, make::now()).await);
        } else {
            let patch = Patch { is_active: Some(false), ..Patch::default() };
            let changed =
                api_keys::update(&db.store, &tenant, key.api_key_id, patch, make::now()).await;
            assert!(!changed.unwrap().is_active);
        }
        unknown(tenant_of(&db.store, &secret).await);
    }
}

async fn another_process_learns_of_it_when_its_cache_ends(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let made = api_keys::insert(&db.store, &tenant, new(Role::Admin), make::now()).await.unwrap();
    let (key, secret) = made;
    let other = db.reopen(testkit::settings()).await;
    let none = std::time::Duration::ZERO;
    let wary = db.reopen(Settings { auth_cache: none, ..testkit::settings() }).await;
    for store in [&other, &wary] {
        assert_eq!(tenant_of(store, &secret).await.unwrap().role(), Role::Admin);
    }
    let patch = Patch { role: Some(Role::Read), ..Patch::default() };
    api_keys::update(&db.store, &tenant, key.api_key_id, patch, make::now()).await.unwrap();
    assert_eq!(tenant_of(&other, &secret).await.unwrap().role(), Role::Admin, "for 30 s");
    assert_eq!(tenant_of(&wary, &secret).await.unwrap().role(), Role::Read);
}

async fn a_stranger_finds_and_changes_no_key(db: Db) {
    let mine = make::workspace(&db, "mine").await;
    let stranger = make::workspace(&db, "stranger").await;
    let made = api_keys::insert(&db.store, &mine, new(Role::Read), make::now()).await.unwrap();
    let id = made.0.api_key_id;
    unknown(api_keys::find(&db.store, &stranger, id).await);
    unknown(api_keys::update(&db.store, &stranger, id, Patch::default(), make::now()).await);
    unknown(api_keys::delete(&db.store, &stranger, id, make::now()).await);
    unknown(api_keys::find(&db.store, &mine, ApiKeyId(uuid::Uuid::nil())).await);
    let listed = api_keys::list(&db.store, &stranger, &Query::default()).await.unwrap();
    assert!(listed.items.is_empty());
    assert_eq!(api_keys::find(&db.store, &mine, id).await.unwrap(), made.0);
}

async fn the_last_use_is_written_down(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let made = api_keys::insert(&db.store, &tenant, new(Role::Read), make::now()).await.unwrap();
    let used = make::now() + Duration::hours(1);
    db.store.authenticate(made.1.expose(), used).await.unwrap();
    // Behind the request: asked until it is there.
    let tries = AtomicU32::new(0);
    loop {
        let key = api_keys::find(&db.store, &tenant, made.0.api_key_id).await.unwrap();
        if key.last_used_at == Some(used) {
            break;
        }
        assert!(tries.fetch_add(1, Ordering::Relaxed) < 2_000, "{key:?}");
        tokio::task::yield_now().await;
    }
    // Within the minute no other use is.
    db.store.authenticate(made.1.expose(), used + Duration::seconds(30)).await.unwrap();
    let key = api_keys::find(&db.store, &tenant, made.0.api_key_id).await.unwrap();
    assert_eq!(key.last_used_at, Some(used));
}

async fn keys_are_listed_newest_first(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    for (n, role) in Role::ALL.iter().enumerate() {
        let at = make::now() + Duration::seconds(n as i64);
        api_keys::insert(&db.store, &tenant, new(*role), at).await.unwrap();
    }
    let listed = api_keys::list(&db.store, &tenant, &Query::default()).await.unwrap();
    let roles: Vec<Role> = listed.items.iter().map(|it| it.0.role).collect();
    assert_eq!(roles, [Role::Admin, Role::Write, Role::Read]);
    let field = api_keys::FIELDS.iter().find(|it| it.name == "is_active").unwrap();
    for (active, count) in [(true, 3), (false, 0)] {
        let values = vec![store::Value::Bool(active)];
        let conditions = vec![store::Condition { field, op: store::Op::Eq, values }];
        let query = Query { conditions, ..Query::default() };
        assert_eq!(api_keys::list(&db.store, &tenant, &query).await.unwrap().items.len(), count);
    }
}
