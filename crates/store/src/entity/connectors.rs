//! The catalogue, and custom connectors (those with a workspace).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "connectors")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub pk: i64,
    pub connector_id: Uuid,
    pub workspace_pk: Option<i64>,
    pub service_id: String,
    pub name: String,
    pub provider: Option<String>,
    pub authorization_flow: String,
    pub supported_target_models: Option<Json>,
    pub status: String,
    pub transport: Option<Json>,
    pub governance: Option<Json>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
