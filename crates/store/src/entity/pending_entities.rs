//! Children whose required parent is not there yet.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pending_entities")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub pk: i64,
    pub pending_entity_id: Uuid,
    pub workspace_pk: i64,
    pub workspace_connector_pk: i64,
    pub target_model: String,
    pub tool_name: String,
    pub external_id: String,
    pub entity: Json,
    pub parents: Json,
    pub first_seen_run: Uuid,
    pub last_seen_run: Uuid,
    pub known_as: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
