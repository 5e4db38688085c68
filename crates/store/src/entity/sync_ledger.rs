//! What became of the rows of one target in one run.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_ledger")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub pk: i64,
    pub workspace_pk: i64,
    pub workspace_connector_sync_log_pk: i64,
    pub target_model: String,
    pub fetched: i64,
    pub mapped: i64,
    pub inserted: i64,
    pub updated: i64,
    pub unchanged: i64,
    /// By reason.
    pub dropped: Json,
    pub dropped_total: i64,
    pub waiting: i64,
    pub truncated: bool,
    pub released: i64,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
