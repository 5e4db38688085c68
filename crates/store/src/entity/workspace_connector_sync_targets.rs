//! Which workspaces a connector feeds beside its own; `workspace_pk` is the destination.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace_connector_sync_targets")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub pk: i64,
    pub sync_target_id: Uuid,
    pub workspace_connector_pk: i64,
    pub workspace_connector_id: Uuid,
    pub workspace_pk: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
